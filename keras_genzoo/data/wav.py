"""The source `wav:PATH`: folders of wav files, cut into windows of one length."""

import functools
import os
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from keras_genzoo.data.files import is_visible, listed_kinds, walk
from keras_genzoo.data.folder import split_folders
from keras_genzoo.data.parts import Part, attempt, check_asked
from keras_genzoo.data.signals import channels_of
from keras_genzoo.data.wav_files import read_wav
from keras_genzoo.utils.signals import MAX_CHANNELS, MAX_LENGTH, MIN_LENGTH

LENGTH = 1024  # samples of a window where no length is given
MEMORY_BUDGET = 2 * 10**9  # bytes of float32 samples
_SUFFIXES = (".wav", ".wave")
_NAMED = 10  # files in one message


def is_wav(path):
    """Whether the name of a file says that it is a wav file."""
    return is_named_wav(path) and is_visible(path.name) and path.is_file()


def is_named_wav(path):
    """Whether a path, of a file or of nothing, has the suffix of wav files."""
    return path.suffix.lower() in _SUFFIXES


def wav_splits(path):
    """Finds the splits of a folder of wav files, as `keras_genzoo.data.folder.folder_splits` does for images.

    Args:
        path: The folder, or one wav file.

    Returns:
        Dict by the name of a split of functions that return its part.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is another file, or its subfolders are not clearly splits.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"Expected a folder of wav files. Received: {str(root)!r}, which does not exist")
    if root.is_file():
        return {"train": lambda: WavPart([root], f"wav:{root}", [root.stem])}
    folders = split_folders(root, is_wav) or {"train": root}
    return {name: functools.partial(_part, folder) for name, folder in folders.items()}


def _part(folder):
    files, others = walk(folder, is_wav)
    name = f"wav:{folder}"
    if not files:
        found = f", with {listed_kinds(others)} files" if others else ""
        raise ValueError(f"Expected wav files in a folder, at any depth. Received: {folder} without any{found}")
    if others:
        warnings.warn(f"Left out files of {name} that are not wav files: {listed_kinds(others)}", stacklevel=2)
    names = [unicodedata.normalize("NFC", file.relative_to(folder).with_suffix("").as_posix()) for file in files]
    return WavPart(files, name, names)


class WavPart(Part):
    """Wav files of one sample rate. Splits and their ranges are of files: windows of one file stay together.

    Args:
        items: Paths of the files.
        name: Name of the source in error messages.
        names: Names by which files of two domains are matched.
    """

    in_memory = True
    of_signals = True

    def __init__(self, items, name, names):
        super().__init__(len(items), None, name)
        self.items, self.names = items, names

    def __len__(self):
        return len(self.items)

    def take(self, rows):
        """The files of these numbers as a part."""
        return WavPart([self.items[row] for row in rows], self.name, [self.names[row] for row in rows])

    def describe(self, position):
        """Name of the file at `position` in messages."""
        return os.fspath(self.items[position])

    def shape(self, image_size, channels):
        """`(length, channels)` of the windows: by default 1,024 samples in as many channels as the files have."""
        check_asked(self, image_size, channels)
        (length,) = image_size or (LENGTH,)
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            raise ValueError(
                f"Expected image_size=(length,), windows of {MIN_LENGTH}..{MAX_LENGTH} samples. "
                f"Received: image_size={image_size!r}"
            )
        counts = Counter(each.samples.shape[1] for each in self.recordings.values())
        if channels is None and len(counts) > 1:
            listed = ", ".join(f"{number} of {channels}" for channels, number in sorted(counts.items()))
            raise ValueError(
                f"Expected files of one number of channels in {self.name}, or channels, such as 1, to which each is "
                f"converted. Received: {listed}"
            )
        channels = channels or next(iter(counts))
        if channels > MAX_CHANNELS:
            raise ValueError(f"Expected at most {MAX_CHANNELS} channels in {self.name}. Received: {channels}")
        return length, channels

    @functools.cached_property
    def recordings(self):
        """Dict of the `Recording` of each file that can be read, by its position; the others are told."""
        found, failures, size = {}, {}, 0
        for position, path in enumerate(self.items):
            recording, error = attempt(read_wav, path)
            if error is None:
                found[position] = recording
                size += recording.samples.nbytes
            else:
                failures[position] = error
            if size > MEMORY_BUDGET:
                raise ValueError(
                    f"Expected wav files of at most {MEMORY_BUDGET / 1e9:g} GB as 32-bit floats in {self.name}: limit "
                    f"takes some of the files, or a split such as 'train[:10%]'. Received: more, in {len(self)} files"
                )
        self._tell(failures, len(self), "that cannot be read")
        self._check_rate(found)
        return found

    def _tell(self, failures, among, what):
        """Names files that are left out, with the reasons: in a warning, or, if these are all, in an error."""
        if not failures:
            return
        named = "; ".join(f"{self.describe(position)} ({failures[position]})" for position in list(failures)[:_NAMED])
        named += f"; and {len(failures) - _NAMED} more" if len(failures) > _NAMED else ""
        if len(failures) == among:
            raise ValueError(f"Expected wav files in {self.name}, not all {what}. Received: {named}")
        warnings.warn(f"Skipped {len(failures)} of {among} wav files {what}: {named}", stacklevel=3)

    def _check_rate(self, found):
        first, *others = found
        for other in others:
            if found[other].rate != found[first].rate:
                raise ValueError(
                    f"Expected wav files of one sample rate in {self.name}. Received: {self.describe(first)} of "
                    f"{found[first].rate} and {self.describe(other)} of {found[other].rate} samples per second"
                )

    @property
    def rate(self):
        """Samples per second of the files."""
        return next(iter(self.recordings.values())).rate

    def arrays(self, shape):
        """float32 windows `(n, length, channels)`, and None for labels.

        Windows follow each other; the last one of a file ends with it, and overlaps the one before. A file that is
        shorter than a window is named in a warning.
        """
        length, channels = shape
        windows, rows, short = [], [], {}
        for position, recording in self.recordings.items():
            samples = channels_of(recording.samples, channels, self.describe(position))
            if len(samples) < length:
                short[position] = f"{len(samples)} samples"
            for start in window_starts(len(samples), length):
                windows.append(samples[start : start + length])
                rows.append(position * 2**32 + start)
        self._tell(short, len(self.recordings), f"that are shorter than a window of {length} samples")
        self.rows = np.asarray(rows)  # a window and its partner have the same number
        return np.stack(windows), None

    def check_partners(self, other):
        """Raises `ValueError` unless the files of another part are as long as these, and of the same rate."""
        if not isinstance(other, WavPart):
            raise ValueError(
                f"Expected wav files in both domains for matched pairs. Received: {self.name} and {other.name}"
            )
        if self.rate != other.rate:
            raise ValueError(
                f"Expected matched wav files of one sample rate. Received: {self.rate} in {self.name} and "
                f"{other.rate} in {other.name}"
            )
        for position in self.recordings.keys() & other.recordings.keys():
            lengths = [len(part.recordings[position].samples) for part in (self, other)]
            if lengths[0] != lengths[1]:
                raise ValueError(
                    f"Expected matched wav files of one length. Received: {self.describe(position)} of {lengths[0]} "
                    f"and {other.describe(position)} of {lengths[1]} samples"
                )


def window_starts(total, length):
    """First samples of the windows of a recording: each follows the one before, but the last, which ends with it.

    >>> window_starts(10, 4), window_starts(8, 4), window_starts(3, 4)
    ([0, 4, 6], [0, 4], [])
    """
    starts = [*range(0, total - length + 1, length)]
    return starts + [total - length] if starts and total % length else starts
