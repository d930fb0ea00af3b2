"""Make frozen, slotted dataclasses that cost little to define.

The standard decorator writes and compiles five methods for each frozen class, 1.2 ms
a class (Python 3.11, six fields): start-up of a program with fifty records is mostly
that. Here the methods are shared by all classes, and the constructor is compiled when
the fifth instance is made; 0.06 ms a class. Instances behave alike and are made as
fast. For type checkers it is the standard decorator.
"""

from __future__ import annotations

import dataclasses
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
        """Return a decorator for a frozen, slotted dataclass; `frozen` and `slots` must be true.

        What a class defines itself (`__repr__`, `__eq__`, `__hash__`) is kept;
        `__post_init__` is called; InitVar is not supported.
        """
        if not (frozen and slots):
            msg = "this decorator makes frozen, slotted classes; for others take the standard one"
            raise TypeError(msg)

        def make(cls: type[T]) -> type[T]:
            own = set(vars(cls))
            # Without a docstring the standard decorator would write the signature into it: 10 ms for the first.
            cls.__doc__ = cls.__doc__ or cls.__name__
            made = _described(cls, kw_only=kw_only)
            for name, method in _SHARED.items():
                if name not in own:
                    setattr(made, name, method)
            made.__init__ = _constructor(made)
            return made

        return make


__all__ = ["dataclass", "maker", "tuple_maker"]

T = TypeVar("T")
R = TypeVar("R", bound=tuple[object, ...])


def maker(cls: type[T]) -> Callable[..., T]:
    """Return a function that makes instances of a frozen, slotted class from all fields in order; a quarter of the cost.

    For records of which a trend makes hundreds. Every field is given, by position;
    `__post_init__` is not called.
    """
    described: Any = cls
    names = [field.name for field in dataclasses.fields(described)]
    slots = {"__slots__": names, "__setattr__": object.__setattr__}
    # The same slots, but not frozen: an instance is filled as one of these and then becomes what it is to be.
    scope: dict[str, Any] = {"_open": type(cls.__name__, cls.__bases__, slots), "_frozen": cls}
    filled = "".join(f"    self.{name} = {name}\n" for name in names)
    source = f"def make({', '.join(names)}):\n    self = _open()\n{filled}    self.__class__ = _frozen\n    return self"
    exec(source, scope)  # noqa: S102 - names of fields only, which Python has already taken as identifiers
    made: Callable[..., T] = scope["make"]
    return made


def tuple_maker(cls: type[R]) -> Callable[[tuple[object, ...]], R]:
    """Return a function that makes a NamedTuple of a tuple of all its fields, a third of the cost; nothing is checked.

    For records of which a page of mentions makes thousands.
    """
    return partial(tuple.__new__, cls)


_SPECIAL: Final = ("ClassVar", "InitVar", "KW_ONLY")
"""What the standard decorator looks for in annotations."""
_COMPILED_AT: Final = 5
"""Of how many instances on a class has a compiled constructor, which costs as much as filling twenty without."""


def _described(cls: Any, *, kw_only: bool) -> Any:
    """Let the standard decorator make the slots and describe the fields.

    It searches each annotation that is a string for ClassVar and the like, which is
    most of its work: those that cannot be are kept from it.
    """
    written = dict(cls.__annotations__)  # its own: of a base there are none in it
    cls.__annotations__ = {
        name: object if isinstance(kind, str) and not any(word in kind for word in _SPECIAL) else kind
        for name, kind in written.items()
    }
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    made.__annotations__ = written
    for field in dataclasses.fields(made):
        field.type = written.get(field.name, field.type)
    return made


def _constructor(cls: Any) -> Callable[..., None]:
    """Return a constructor that fills the first instances field by field, then puts a compiled one in its place."""
    made = 0

    def __init__(self: object, *args: object, **kwargs: object) -> None:  # noqa: N807 - it becomes the method
        nonlocal made
        made += 1
        if made < _COMPILED_AT and not args and _fill(self, cls, kwargs):
            return
        compiled = _compile_constructor(cls)
        cls.__init__ = compiled
        compiled(self, *args, **kwargs)

    return __init__


def _fill(made: object, cls: Any, values: dict[str, object]) -> bool:
    """Fill an instance from named values; false, and nothing done that counts, where they are not those it has."""
    taken = 0
    for field in dataclasses.fields(cls):
        name = field.name
        if field.init and name in values:
            value = values[name]
            taken += 1
        elif field.default is not dataclasses.MISSING:
            value = field.default
        elif field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        else:
            return False
        object.__setattr__(made, name, value)
    if taken != len(values):
        return False
    if hasattr(cls, "__post_init__"):
        made.__post_init__()  # type: ignore[attr-defined]  # seen just before
    return True


def _compile_constructor(cls: Any) -> Callable[..., None]:
    """Write the constructor as the standard decorator does: one statement a field."""
    scope: dict[str, Any] = {}
    positional: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        written = name
        if field.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = field.default
            written = f"{name}=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            scope["_absent"] = dataclasses.MISSING
            scope[f"_make_{name}"] = field.default_factory
            written = f"{name}=_absent"
            value = f"_make_{name}() if {name} is _absent else {name}"
        if field.init:
            (named if field.kw_only else positional).append(written)
        elif written != name:
            value = f"_default_{name}" if f"_default_{name}" in scope else f"_make_{name}()"
        else:
            continue
        scope[f"_set_{name}"] = vars(_owner_of(cls, name))[name].__set__  # of the slot: quicker than by name
        body.append(f"    _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("    self.__post_init__()")
    parameters = ["self", *positional, *(["*", *named] if named else [])]
    source = "\n".join([f"def __init__({', '.join(parameters)}):", *(body or ["    pass"])])
    exec(source, scope)  # noqa: S102 - names of fields only, which Python has already taken as identifiers
    compiled: Callable[..., None] = scope["__init__"]
    compiled.__qualname__ = f"{cls.__qualname__}.__init__"
    return compiled


def _owner_of(cls: type, name: str) -> type:
    """Return the class that holds the slot of a field: itself, or one it inherits from."""
    return next(one for one in cls.__mro__ if name in getattr(one, "__slots__", ()) and name in vars(one))


@cache
def _compared(cls: Any) -> Callable[[Any], object]:
    """Return what reads the fields by which instances are compared: a value, or a tuple of several."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _record: ()


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    cls: Any = type(self)
    read = _compared(cls)
    return read(self) == read(other)


def _hash(self: Any) -> int:
    cls: Any = type(self)
    return hash(_compared(cls)(self))


def _refuse_to_set(self: object, name: str, _value: object) -> None:
    msg = f"cannot assign to field {name!r} of {type(self).__qualname__}"
    raise dataclasses.FrozenInstanceError(msg)


def _refuse_to_delete(self: object, name: str) -> None:
    msg = f"cannot delete field {name!r} of {type(self).__qualname__}"
    raise dataclasses.FrozenInstanceError(msg)


@cache
def _names(cls: Any) -> tuple[str, ...]:
    """Return the names of the fields: asking each time would be most of the cost of sending a record."""
    return tuple(field.name for field in dataclasses.fields(cls))


def _get_state(self: Any) -> list[object]:
    cls: Any = type(self)
    return [getattr(self, name) for name in _names(cls)]


def _set_state(self: Any, state: list[object]) -> None:
    cls: Any = type(self)
    for name, value in zip(_names(cls), state, strict=True):
        object.__setattr__(self, name, value)


_SHARED = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}
