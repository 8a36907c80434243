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

    /// <summary>The data comes from other machines. So it has keys, never type names, and maps are resistant to hash collisions.</summary>
    public static readonly MessagePackSerializerOptions Options =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    public static Marshaller<T> Marshaller<T>() => new(Serialize, Deserialize<T>);

    /// <summary>
    /// The marshaller for requests to a server. A message that cannot be read becomes <see cref="Unreadable{T}"/>, which <see cref="UnreadableMessages"/>
    /// answers. An exception here would make gRPC log an error with its stack for every such message, and send no answer that names the mistake.
    /// </summary>
    public static Marshaller<T> RequestMarshaller<T>()
        where T : class => new(Serialize, TryDeserialize<T>);

    /// <summary>
    /// gRPC frames a message by its length. If it knows the length before the first byte, the message goes directly into the pipe; otherwise gRPC buffers every
    /// message in an array of its own. So the message is first written to this thread's buffer.
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
