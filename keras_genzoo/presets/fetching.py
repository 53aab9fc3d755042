"""Downloads presets into a cache, completely or not at all."""

import contextlib
import hashlib
import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from keras_genzoo.presets.files import CARD, CONFIG, METADATA, SAMPLES, WEIGHTS, read_metadata, verify
from keras_genzoo.utils.atomic import swap
from keras_genzoo.utils.cache import cache_folder
from keras_genzoo.version import __version__


def fetch(url):
    """Downloads a preset into the cache and returns its path: a weight file, a zip, or the files of a folder."""
    target = cache_folder("presets") / hashlib.sha256(url.encode()).hexdigest()[:24]
    if url.endswith(".weights.h5"):
        target = target.with_suffix(".weights.h5")
    if _is_complete(target):
        return target
    with tempfile.TemporaryDirectory(dir=cache_folder("presets")) as scratch:
        scratch = Path(scratch)
        if url.endswith(".weights.h5"):
            _download(url, scratch / WEIGHTS)
            os.replace(scratch / WEIGHTS, target)
            return target
        folder = scratch / "preset"
        folder.mkdir()
        if url.endswith(".zip"):
            _download(url, scratch / "preset.zip")
            _unpack(scratch / "preset.zip", folder)
        else:
            _download(f"{url.rstrip('/')}/{METADATA}", folder / METADATA)
            for file in read_metadata(folder).get("sha256", {}):  # a preset of a classifier has no samples
                if file in (CONFIG, WEIGHTS, CARD, SAMPLES):
                    _download(f"{url.rstrip('/')}/{file}", folder / file)
        verify(folder)
        _move(folder, target)
    return target


def _is_complete(target):
    """Whether a file or a whole folder is in the cache; a damaged folder is downloaded again."""
    try:
        if target.is_dir():
            verify(target)
        return target.exists()
    except ValueError:
        return False


def _move(folder, target):
    """Moves a verified folder into the cache, unless another process or thread was first with the same preset."""
    for _ in range(10):
        if _is_complete(target):
            return
        with contextlib.suppress(OSError):  # the other one has renamed a folder at the same moment
            swap(folder, target)
            return
    raise OSError(f"Expected to move a download to {target}. Received: a folder that cannot be replaced")


def _unpack(archive, folder):
    """Extracts the five files of a preset from a zip, from any folder in it, and no other file."""
    try:
        with zipfile.ZipFile(archive) as contents:
            for member in contents.namelist():
                file = member.rpartition("/")[2]
                if file in (CONFIG, WEIGHTS, METADATA, CARD, SAMPLES):
                    (folder / file).write_bytes(contents.read(member))
    except zipfile.BadZipFile:
        raise ValueError("Expected a whole zip of a preset. Received: a damaged file") from None


def _download(url, path):
    request = urllib.request.Request(url, headers={"User-Agent": f"keras_genzoo/{__version__}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response, open(path, "wb") as file:
            shutil.copyfileobj(response, file)
            length, received = response.headers.get("Content-Length"), file.tell()
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise ValueError(f"Expected to fetch {url}. Received: {error}") from None
    if length is not None and received < int(length):  # urllib raises no error if the connection ends early
        raise ValueError(f"Expected to fetch all {length} bytes of {url}. Received: {received} bytes")


def fetch_from_hub(repository):
    """Path of the snapshot of a repository of the Hugging Face Hub, `owner/name`; needs huggingface_hub."""
    try:
        import huggingface_hub
    except ImportError:
        raise ValueError("Expected huggingface_hub for hf:// addresses: pip install 'keras-genzoo[hub]'") from None
    try:
        return Path(huggingface_hub.snapshot_download(repository))
    except Exception as error:  # huggingface_hub raises errors of its own and of its HTTP library
        raise ValueError(f"Expected to fetch hf://{repository}. Received: {str(error).splitlines()[0]}") from error
