"""Stands for SGLang's launcher."""


def _compute_parallelism_ranks(server_args, tp_rank):  # noqa: ANN001, ANN202 - the engine's way
    return 0, 0, tp_rank // (8 // server_args.tp_size)
