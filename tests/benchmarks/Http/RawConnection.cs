using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Benchmarks.Http;

/// <summary>
/// One HTTP/1.1 connection on a blocking socket that understands just enough to know where an answer ends. It costs a few microseconds a request, so that what is
/// measured is the server, and costs every server the same.
/// </summary>
public sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[64 * 1024];
    private int _filled;

    public RawConnection(IPEndPoint server) => _socket.Connect(server);

    /// <summary>A POST of JSON as it goes over the wire.</summary>
    public static byte[] Post(IPEndPoint server, string path, ReadOnlySpan<byte> body) =>
    [
        .. System.Text.Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n\r\n"),
        .. body,
    ];

    /// <summary>Sends one request and reads its answer to the last byte.</summary>
    /// <returns>The answer's body, valid until the next call.</returns>
    /// <exception cref="InvalidDataException">The status is not 200.</exception>
    /// <exception cref="IOException">The connection broke off.</exception>
    public ReadOnlySpan<byte> Exchange(ReadOnlySpan<byte> request)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request[sent..]);
        }

        _filled = 0;
        int head;
        while ((head = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            Receive();
        }

        var body = head + 4;
        var headers = _buffer.AsSpan(0, head + 2);
        if (!headers.StartsWith("HTTP/1.1 200"u8))
        {
            throw new InvalidDataException(System.Text.Encoding.UTF8.GetString(_buffer, 0, Math.Min(_filled, 600)));
        }

        if (Length(headers) is { } length)
        {
            while (_filled < body + length)
            {
                Receive();
            }

            return _buffer.AsSpan(body, length);
        }

        while (!_buffer.AsSpan(0, _filled).EndsWith("\r\n0\r\n\r\n"u8))
        {
            Receive();
        }

        return _buffer.AsSpan(body, _filled - body);
    }

    /// <summary>Sends one request and reads an answer that comes in pieces, to its end.</summary>
    /// <param name="request">As from <see cref="Post"/>.</param>
    /// <param name="arrived">Told of every piece of the answer's body, chunk framing included, as it comes.</param>
    /// <exception cref="InvalidDataException">The status is not 200.</exception>
    /// <exception cref="IOException">The connection broke off.</exception>
    public void Stream(ReadOnlySpan<byte> request, Action<ReadOnlySpan<byte>> arrived)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request[sent..]);
        }

        _filled = 0;
        int head;
        while ((head = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            Receive();
        }

        if (!_buffer.AsSpan(0, head).StartsWith("HTTP/1.1 200"u8))
        {
            throw new InvalidDataException(System.Text.Encoding.UTF8.GetString(_buffer, 0, Math.Min(_filled, 600)));
        }

        var told = head + 4;
        while (true)
        {
            if (_filled > told)
            {
                arrived(_buffer.AsSpan(told, _filled - told));
                if (_buffer.AsSpan(0, _filled).EndsWith("0\r\n\r\n"u8))
                {
                    return;
                }

                // The end's own bytes may still be split; nothing before them is needed again.
                var kept = Math.Min(_filled, 8);
                _buffer.AsSpan(_filled - kept, kept).CopyTo(_buffer);
                _filled = told = kept;
            }

            Receive();
        }
    }

    public void Dispose() => _socket.Dispose();

    private static int? Length(ReadOnlySpan<byte> headers)
    {
        foreach (var range in headers.Split("\r\n"u8))
        {
            var line = headers[range];
            if (line.Length > 15 && System.Text.Ascii.EqualsIgnoreCase(line[..15], "content-length:"u8))
            {
                return Utf8Parser.TryParse(line[15..].TrimStart((byte)' '), out int length, out _) ? length : null;
            }
        }

        return null;
    }

    private void Receive()
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = _socket.Receive(_buffer.AsSpan(_filled));
        _filled += received > 0 ? received : throw new IOException("The server closed the connection in the middle of an answer.");
    }
}
