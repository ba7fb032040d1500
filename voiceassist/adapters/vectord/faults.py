"""Answers that are not 200, in Qdrant's words."""


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the program
    """The request ends here with `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bad_request(message: str) -> Refused:
    return Refused(400, f"Wrong input: {message}")


def missing_collection(name: str) -> Refused:
    return Refused(404, f"Not found: Collection `{name}` doesn't exist!")
