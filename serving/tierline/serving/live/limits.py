"""What a server takes on, and how long it lets anyone wait."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The server's limits; seconds unless said otherwise.

    ``waiting`` and ``wait`` bound the queue: a request is refused (429) when so many tickets
    wait that it would be more, or when it would wait longer for a thread. What finds nobody
    waiting is always taken. Past ``deadline`` a ticket that was taken is answered by the rules
    alone. ``rate`` is how many tickets a caller may send per second on average (None: any), and
    ``burst`` how many at once. ``body`` is how long a request's body may take to come in, and
    ``drain`` how long a server that stops works on what it has taken. ``bodies`` is how many bytes
    of bodies may be here at once, each from when it comes in until its request is answered: past
    it the largest that is still coming in is refused (429). ``connections`` is how many each
    process has open: past it one that asks for nothing makes room for a new one, which gets 503
    where there is none.
    """

    waiting: int = 1024
    wait: float = 1.0
    deadline: float = 30.0
    rate: float | None = None
    burst: int = 256
    body: float = 30.0
    drain: float = 20.0
    bodies: int = 128 * 1024 * 1024
    connections: int = 2000
