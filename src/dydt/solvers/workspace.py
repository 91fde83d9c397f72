"""The memory a kernel and Python share: one array of 8-byte items, addressed by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from dydt.kernels.llvm import Function, Value

# What a lane is doing. FRESH: it has a problem and needs a first step. IDLE: it has none.
# HAPPENED: it has landed on an event. STOPPED: by one that ends the solution. CHATTER: they come without end.
FRESH, RUNNING, DONE, FULL, TOO_SMALL, STEP_LIMIT, CROSSED, NOT_FINITE, IDLE = range(9)
HAPPENED, STOPPED, CHATTER = range(20, 23)
# Of members of an ensemble: QUESTION: it is to be looked at before it goes on. CHANGE: another method is to go on.
QUESTION, CHANGE = range(23, 25)

_UNIFORM = {
    "relative_tolerance": "number",
    "largest_step": "number",
    "budget": "integer",  # attempts until the kernel comes back for breath
    "turns": "integer",  # attempts so far, of an ensemble
    "patience": "integer",  # lanes that may stop before the kernel comes back for them
    "question_work": "number",  # operations of an attempt, and what one question of a method costs
    "question_price": "number",
    "capacity": "integer",  # rows that `rows` has room for
    "rows": "pointer",  # where accepted steps are recorded, or null
    "save_count": "integer",  # times at which members of an ensemble are saved
    "save_times": "pointer",
    "save_states": "pointer",  # a block of save_count states for each member
    "next_member": "integer",  # of those that this workspace has taken from the queue
    "end_of_members": "integer",
    "members_at_once": "integer",  # how many it takes
}
_PER_LANE = {
    "t": "number",
    "t_end": "number",
    "first_step": "number",  # 0: to be found
    "step_limit": "integer",
    "next_question": "integer",  # attempts after which it is asked whether the method is the right one
    "h": "number",
    "control_error": "number",
    "control_failed": "number",
    "status": "integer",
    "accepted": "integer",
    "rejected": "integer",
    "recorded": "integer",
    "saved": "integer",
    "landing": "integer",  # the event that the next step ends at, counted from 1; or 0
    "armed": "number",  # whether it is known on which side of each event the lane is
    "last_event": "number",
    "hurry": "integer",  # events in a row that came at once
    "happened": "integer",  # all events so far
    "job": "integer",  # which member of an ensemble the lane works on
}


@dataclass(frozen=True)
class Workspace:
    """Where each quantity lies.

    Parameters
    ----------
    size : int
        Number of states, or what they are padded to.
    parameters, constants, guards : int
        Numbers of parameters, of values computed once from them, and of guarded denominators.
    lanes : int
    scratch : int
        Number of further vectors.
    inline : bool
        Whether the law is written out in each stage, its states in registers; else it is a function on memory.
    factors : int
        Numbers of a factorised matrix; 0 for explicit methods.
    events : int
        How many events are watched.
    reductions : int
        Numbers that are gathered along the way.
    order : int
        Of the Taylor coefficients that the method asks for; 0 for other methods.
    """

    size: int
    parameters: int
    constants: int
    guards: int
    lanes: int = 1
    scratch: int = 0
    inline: bool = True
    factors: int = 0
    events: int = 0
    reductions: int = 0
    order: int = 0
    places: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        offset = 0
        blocks: list[tuple[str, str, int]] = [(n, k, 1) for n, k in _UNIFORM.items()]
        blocks += [("pad", "number", -len(_UNIFORM) % 8), ("absolute_tolerance", "number", self.size)]
        blocks += [(n, k, self.lanes) for n, k in _PER_LANE.items()]
        for name, count in (
            ("y", self.size),
            ("slope", self.size),
            ("p", self.parameters),
            ("constants", self.constants),
            ("guards", self.guards),
            ("sides", self.events),
            ("reductions", self.reductions),
            ("scratch", self.size * self.scratch),
            ("factors", self.factors),
        ):
            blocks.append((name, "number", count * self.lanes))
        blocks.append(("margin", "number", 64))  # loops over batches may read a little too far
        for name, kind, count in blocks:
            self.places[name] = offset
            self.kinds[name] = kind
            offset += count
        self.places["total"] = offset

    @property
    def total(self) -> int:
        """How many items it takes."""
        return self.places["total"]

    def address(self, f: Function, work: Value, name: str) -> Value:
        """In a kernel: the address of a quantity."""
        return f.offset(work, self.places[name])

    def load(self, f: Function, work: Value, name: str) -> Value:
        """In a kernel: a single quantity (of every lane, where each has its own)."""
        lanes = 1 if name in _UNIFORM else self.lanes
        return f.load(self.address(f, work, name), 0, self.kinds[name], lanes)

    def store(self, f: Function, work: Value, name: str, value: Value) -> None:
        f.store(value, self.address(f, work, name))
