"""A click group whose commands are modules, imported when they run: help must not pay for a database driver."""

import importlib
import importlib.util
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands by name from `table` (name to help); each is a module of `package` with a command named `command`.

    The module has the command's name, or the one that `modules` gives it.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        table: Mapping[str, str],
        modules: Mapping[str, str] = MappingProxyType({}),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.package = package
        self.table = table
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name in self.table if importlib.util.find_spec(self._module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(self._module(cmd_name)).command
        return command

    def _module(self, name: str) -> str:
        return f"{self.package}.{self.modules.get(name, name)}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name]) for name in self.list_commands(ctx)])
