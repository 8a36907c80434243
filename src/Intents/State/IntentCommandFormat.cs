using System.Buffers;
using MessagePack;
using MessagePack.Resolvers;

namespace Meridian.Intents.State;

/// <summary>Serializes log entries. From an entry of a later build, this build reads the keys that it knows.</summary>
internal static class IntentCommandFormat
{
    private static readonly MessagePackSerializerOptions Format =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    public static byte[] Serialize(IntentCommand command) => MessagePackSerializer.Serialize(command, Format);

    /// <exception cref="IntentLogException">The bytes are not an entry.</exception>
    public static IntentCommand Deserialize(in ReadOnlySequence<byte> bytes, long index)
    {
        try
        {
            return MessagePackSerializer.Deserialize<IntentCommand>(bytes, Format);
        }
        catch (MessagePackSerializationException exception)
        {
            throw new IntentLogException($"Entry {index} of the intent log cannot be read: {exception.Message}", exception);
        }
    }
}
