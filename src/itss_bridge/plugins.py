"""Plugins found, loaded one by one and asked: a broken one is named and left out, a doubled name is refused."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from itss_bridge import hookspecs
from itss_bridge.contracts import CatalogueFolder, Connector, Engine, ExecutorFactory, Exporter, Publisher
from itss_bridge.errors import UsageError
from itss_bridge.messages import say

GROUP = "itss_bridge"
DEFAULT_PLUGINS = ("itss_bridge.builtin",)
DISABLE_VARIABLE = "ITSS_BRIDGE_DISABLED_PLUGINS"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One plugin as `itss-bridge plugins` shows it; *problem* is empty for a sound one."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    problem: str


class Plugins:
    """Everything that is plugged in. Made once per run; nothing here is global."""

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        """Load the built-in plugins and then each entry point of the group `itss_bridge`."""
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self.loaded: list[Loaded] = []
        self._owners: dict[str, str] = {}
        for name in DEFAULT_PLUGINS:
            self._load(name, "itss-bridge", _version("itss-bridge"), partial(import_module, name))
        disabled = {name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")}
        for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda p: p.name):
            if point.name not in disabled:
                owner = point.dist.name if point.dist else point.value
                self._load(point.name, owner, point.dist.version if point.dist else "", point.load)

    def _load(self, name: str, distribution: str, release: str, load: Callable[[], Any]) -> None:
        problem = ""
        hooks: tuple[str, ...] = ()
        try:
            plugin = load()
            self._manager.register(plugin, name=name)
            hooks = self._accepted(plugin)
        except Exception as error:  # noqa: BLE001 - a stranger's import may raise anything; it is reported, not hidden
            problem = f"{type(error).__name__}: {error}"
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
        self._owners[name] = distribution
        self.loaded.append(Loaded(name, distribution, release, hooks, problem))

    def _accepted(self, plugin: Any) -> tuple[str, ...]:
        """The hooks a plugin implements; PluginValidationError for a hook that we don't have."""
        self._manager.check_pending()
        callers = self._manager.get_hookcallers(plugin) or []
        return tuple(sorted(caller.name for caller in callers))

    def _provided(self, hook: str) -> list[tuple[str, Any]]:
        """Pairs of owning distribution and provided thing; each plugin is asked on its own."""
        found: list[tuple[str, Any]] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            owner = self._owners.get(implementation.plugin_name, implementation.plugin_name)
            found += [(owner, thing) for thing in implementation.function()]
        return found

    def _by_name(self, hook: str, attribute: str = "name") -> dict[str, Any]:
        named: dict[str, tuple[str, Any]] = {}
        for owner, thing in self._provided(hook):
            name = getattr(thing, attribute)
            if name in named:
                raise UsageError(
                    say("two plugins provide {name!r}", name=name),
                    where=f"{named[name][0]} and {owner}",
                    cause=say("both implement {hook} with the same {attribute}", hook=hook, attribute=attribute),
                    fix=say("uninstall one, or name it in {DISABLE_VARIABLE}", DISABLE_VARIABLE=DISABLE_VARIABLE),
                )
            named[name] = (owner, thing)
        return {name: thing for name, (_, thing) in sorted(named.items())}

    @cached_property
    def connectors(self) -> dict[str, type[Connector]]:
        """Connector classes by name."""
        return self._by_name("itss_bridge_connectors")

    @cached_property
    def exporters(self) -> dict[str, type[Exporter]]:
        """Exporter classes by file suffix."""
        return self._by_name("itss_bridge_exporters", "suffix")

    @cached_property
    def publishers(self) -> dict[str, type[Publisher]]:
        """Publisher classes by name."""
        return self._by_name("itss_bridge_publishers")

    @cached_property
    def executors(self) -> dict[str, ExecutorFactory]:
        """Executor factories by name."""
        return self._by_name("itss_bridge_executors")

    @cached_property
    def engines(self) -> dict[str, type[Engine]]:
        """Engines by name."""
        return self._by_name("itss_bridge_engines")

    @cached_property
    def catalogues(self) -> list[CatalogueFolder]:
        """Catalogue folders, the core's own first."""
        return [CatalogueFolder(Path(path), owner) for owner, path in self._provided("itss_bridge_catalogues")]

    def secret(self, reference: str) -> str | None:
        """What the first plugin that knows *reference* answers."""
        answer: str | None = self._manager.hook.itss_bridge_secrets(reference=reference)
        return answer

    def pick(self, kind: dict[str, T], name: str, what: str) -> T:
        """The entry called *name*, or a UsageError which lists what there is and what was probably meant."""
        if name in kind:
            return kind[name]
        from difflib import get_close_matches

        near = get_close_matches(name, kind, n=1)
        broken = [p for p in self.loaded if p.problem]
        known = say("there are: {names}", names=", ".join(kind) or "–")
        raise UsageError(
            say("there is no {what} {name!r}", what=what, name=name),
            cause=_unloaded(broken[0]) if broken else "",
            fix=say("did you mean {near!r}? {known}", near=near[0], known=known) if near else known,
        )


def _unloaded(plugin: Loaded) -> str:
    return say(
        "plugin {name} ({distribution}) could not be loaded: {problem}",
        name=plugin.name,
        distribution=plugin.distribution,
        problem=plugin.problem,
    )


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
