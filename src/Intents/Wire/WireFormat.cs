using System.Buffers;
using Grpc.Core;
using MessagePack;
using MessagePack.Resolvers;

namespace Meridian.Intents.Wire;

/// <summary>MessagePack as gRPC's message format.</summary>
public static class WireFormat
{
    private const int KeptBytes = 256 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <summary>Keys, never type names, and hash-collision-resistant maps: what arrives comes from another machine.</summary>
    public static readonly MessagePackSerializerOptions Options =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    public static Marshaller<T> Marshaller<T>() => new(Serialize, Deserialize<T>);

    /// <summary>
    /// For what a server is sent. A message that cannot be read becomes <see cref="Unreadable{T}"/>, which <see cref="UnreadableMessages"/> answers: an exception here would be an error with
    /// its stack in gRPC's own log for every such message, and no answer that names the mistake.
    /// </summary>
    public static Marshaller<T> RequestMarshaller<T>()
        where T : class => new(Serialize, TryDeserialize<T>);

    /// <summary>
    /// gRPC frames a message by its length. Told before the first byte, it lets the message go straight into the pipe; otherwise it buffers every message in an
    /// array of its own. So the message is made in this thread's buffer first.
    /// </summary>
    private static void Serialize<T>(T message, SerializationContext context)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        MessagePackSerializer.Serialize(buffer, message, Options);
        context.SetPayloadLength(buffer.WrittenCount);
        context.GetBufferWriter().Write(buffer.WrittenSpan);
        context.Complete();
        if (buffer.Capacity > KeptBytes)
            _buffer = null;
    }

    private static T TryDeserialize<T>(DeserializationContext context)
        where T : class
    {
        try
        {
            return Deserialize<T>(context) ?? Unreadable<T>.Message;
        }
        catch (MessagePackSerializationException)
        {
            return Unreadable<T>.Message;
        }
    }

    private static T Deserialize<T>(DeserializationContext context) =>
        MessagePackSerializer.Deserialize<T>(context.PayloadAsReadOnlySequence(), Options);
}
