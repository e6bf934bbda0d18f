from __future__ import annotations

from depth_lab.data.samplers import EpochSampler


def order(world: int = 1, epoch: int = 0, *, length: int = 10, even: bool = False, seed: int = 0) -> list[list[int]]:
    ranks = [EpochSampler(length, shuffle=True, even=even, seed=seed, rank=r, world=world) for r in range(world)]
    for sampler in ranks:
        sampler.set_epoch(epoch)
    shares = [list(sampler) for sampler in ranks]
    assert all(e == epoch for share in shares for e, _ in share)
    assert [len(sampler) for sampler in ranks] == [len(share) for share in shares]
    return [[index for _, index in share] for share in shares]


def test_every_sample_comes_once_whatever_the_number_of_processes() -> None:
    for world in (1, 2, 3, 4):
        assert sorted(index for share in order(world) for index in share) == list(range(10))


def test_processes_together_see_what_one_process_would_see() -> None:
    [alone] = order(1)
    first, second = order(2)
    assert [index for pair in zip(first, second, strict=True) for index in pair] == alone


def test_even_shares_are_equally_long() -> None:
    assert [len(share) for share in order(3, even=True)] == [3, 3, 3]
    assert [len(share) for share in order(3, even=False)] == [4, 3, 3]


def test_order_changes_with_epoch_and_seed_and_with_nothing_else() -> None:
    assert order(epoch=1) == order(epoch=1)
    assert order(epoch=1) != order(epoch=2)
    assert order(seed=1) != order(seed=2)


def test_without_shuffle_the_order_is_that_of_the_files() -> None:
    assert list(EpochSampler(4, shuffle=False, even=False, seed=3)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
