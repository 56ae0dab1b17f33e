"""A directory that `foldin prepare` wrote as dense tensors, and the metrics of a model on its held-out users: for the peers in PyTorch."""
import numpy as np
import torch


class Prepared:
    """`train` is a 0/1 matrix [users, items]; `items` their number."""

    def __init__(self, directory):
        self._directory = directory
        self.items = len((directory / "unique_sid.txt").read_text().splitlines())
        (self.train,) = self._clicks("train")
        self._held_out = {part: self._clicks(f"{part}_tr", f"{part}_te") for part in ("validation", "test")}
        self._discount = 1 / torch.log2(torch.arange(2, 102).double())

    def _clicks(self, *names):
        """Dense 0/1 matrices with one row for each user in any of the files."""
        pairs = [np.loadtxt(self._directory / f"{name}.csv", delimiter=",", skiprows=1, dtype=np.int64) for name in names]
        users = np.unique(np.concatenate([p[:, 0] for p in pairs]))
        matrices = []
        for p in pairs:
            matrix = torch.zeros(len(users), self.items)
            matrix[torch.from_numpy(np.searchsorted(users, p[:, 0])), torch.from_numpy(p[:, 1])] = 1
            matrices.append(matrix)
        return matrices

    @torch.no_grad()
    def evaluate(self, part, scores_of):
        """NDCG@100, Recall@20 and Recall@50 of `scores_of(known clicks)` on the users of a part: "validation" or "test"."""
        known, targets = self._held_out[part]
        scores = scores_of(known).masked_fill(known > 0, -torch.inf)
        hits = targets.gather(1, scores.topk(100).indices).double()
        counts = targets.sum(1).double()
        hits, counts = hits[counts > 0], counts[counts > 0]
        ideal = self._discount.cumsum(0)[counts.clamp(max=100).long() - 1]
        return {
            "ndcg@100": ((hits * self._discount).sum(1) / ideal).mean().item(),
            "recall@20": (hits[:, :20].sum(1) / counts.clamp(max=20)).mean().item(),
            "recall@50": (hits[:, :50].sum(1) / counts.clamp(max=50)).mean().item(),
        }
