import pytest

from service.web.body_framing import MOST_FRAMING, AnnouncedLength, ChunkedLength, TinyChunks

NEXT = b"GET / HTTP/1.1\r\n"
CHUNKS = b"3\r\nabc\r\n2; a=1\r\nde\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("step", [1, 3, 100])
def test_an_announced_body_ends_after_its_length(step: int) -> None:
    frame, sent = AnnouncedLength(5), b"abcde" + NEXT
    taken = sum(frame.take(sent[at : at + step]) for at in range(0, len(sent), step))
    assert (taken, frame.length, frame.is_done) == (5, 5, True)


def test_a_body_without_bytes_has_ended_before_it_begins() -> None:
    assert AnnouncedLength(0).is_done
    assert not ChunkedLength().is_done


@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_body_in_chunks_ends_after_its_trailers(step: int) -> None:
    frame, sent = ChunkedLength(), CHUNKS + NEXT
    taken = sum(frame.take(sent[at : at + step]) for at in range(0, len(sent), step))
    assert (taken, frame.length, frame.is_done) == (len(CHUNKS), 5, True)


@pytest.mark.parametrize("broken", [b"zz\r\n", b"4\nHalf\r\n", b"4;" + b"a" * 9000])
def test_a_malformed_chunk_ends_the_body_at_once(broken: bytes) -> None:
    frame = ChunkedLength()
    frame.take(broken)
    assert frame.is_done


@pytest.mark.parametrize("size", [1, 3, 20])
def test_chunks_of_a_few_bytes_are_refused_once_they_are_many(size: int) -> None:
    frame, chunk = ChunkedLength(), b"%x\r\n%s\r\n" % (size, b"a" * size)
    frame.take(chunk * 500)
    with pytest.raises(TinyChunks):
        for _ in range(1_000):
            frame.take(chunk * 100)
    assert frame.length < 10 * MOST_FRAMING


def test_a_long_extension_of_a_chunk_is_framing_too() -> None:
    with pytest.raises(TinyChunks):
        ChunkedLength().take((b"1;" + b"x" * 8000 + b"\r\na\r\n") * 4)
