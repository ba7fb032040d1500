"""What the auth room says and hears."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class User(BaseModel):
    id: str
    name: str
    email: str
    role: str
    profile: str


class Me(BaseModel):
    """Who is signed in; `csrf_token` goes into the header X-CSRF-Token of every write."""

    user: User
    csrf_token: str


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    # ASCII digits only: `\d` would take the digits of other scripts too.
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$", max_length=6, strict=True)]


class Key(BaseModel):
    key: Annotated[str, StringConstraints(max_length=256)]


class KeyState(BaseModel):
    """Whose key it is and what it may do; nothing but `active: false` about a key that is not good."""

    active: bool
    user_id: str = ""
    tenant_id: str = ""
    role: str = "viewer"
    profile: str = ""
    scopes: list[str] = []
