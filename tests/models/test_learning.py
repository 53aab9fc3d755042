"""Models learn: what the rows say of a real metric on real digits."""

from cases import CASES, for_kinds


@for_kinds(lambda case: case.model_class.train_step, [case for case in CASES if case.learns])
def test_model_learns(case, digits):
    case.learns(case, digits)
