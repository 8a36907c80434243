using System.Buffers;
using MessagePack;
using MessagePack.Resolvers;

namespace Meridian.Intents.State;

/// <summary>Entries of the log as bytes. A build reads what later builds wrote as far as it knows the keys.</summary>
internal static class IntentCommandFormat
{
    private static readonly MessagePackSerializerOptions Format =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    public static byte[] Serialize(IntentCommand command) => MessagePackSerializer.Serialize(command, Format);

    /// <exception cref="IntentLogException">The bytes are no entry.</exception>
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
