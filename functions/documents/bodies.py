"""Bodies that are read as they stream in, as the OpenAPI description tells them."""

UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string", "maxLength": 200},
                        "visibility": {"type": "string", "enum": ["private", "shared"], "default": "private"},
                        "doc_key": {
                            "type": "string",
                            "maxLength": 120,
                            "description": "files of one key are versions of one document; empty: by content",
                        },
                        "source": {"type": "string", "maxLength": 200, "description": "who published it"},
                        "year": {"type": "integer", "description": "the year of publication"},
                    },
                }
            }
        },
    }
}

PART_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {
            "name": "Content-Digest",
            "in": "header",
            "required": True,
            "description": "RFC 9530: `sha-256=:<base64 of the part's SHA-256>:`",
            "schema": {"type": "string"},
        }
    ],
}
