"""What stands on the command line itself: options given twice, and options apart from defaults."""

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command that refuses an option given twice, of which the first value would be dropped."""

    def parse_args(self, ctx, args):
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for option in order:
            if order.count(option) > 1 and not getattr(option, "multiple", False):
                raise ValueError(f"Expected {option.opts[0]} at most once. Received: it {order.count(option)} times")
        return super().parse_args(ctx, args)


def typed(ctx, *names):
    """Those of some parameters of a command that were given on the command line, as a list."""
    return [name for name in names if ctx.get_parameter_source(name).name == "COMMANDLINE"]


def check_effect(ctx, names, reason):
    """Raises `ValueError` if one of these options is given, which have no effect for a `reason`."""
    for name in typed(ctx, *names):
        value = ctx.params[name]
        parameter = next(each for each in ctx.command.params if each.name == name)
        if value is False and parameter.secondary_opts:  # --model-size of --keep-size/--model-size
            option = given = parameter.secondary_opts[0]
        else:
            option = parameter.opts[0]
            given = option if value is True else f"{option} {value}"
        raise ValueError(f"Expected no {option}: {reason}. Received: {given}")
