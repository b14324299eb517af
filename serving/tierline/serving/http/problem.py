"""How the API says no."""

from pydantic import BaseModel


class Problem(BaseModel):
    """Why a request was refused; it never repeats the ticket's words."""

    error: str
    details: list[str] = []
