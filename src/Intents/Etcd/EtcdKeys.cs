using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Meridian.Intents.Etcd;

/// <summary>
/// The keys in etcd, below one prefix: <c>op/OPERATION</c> holds the outcome of an operation, <c>record/KIND/NAME</c> a record. Every change that is made
/// writes the key <c>revision</c>, so the modification revision of that key is the log's revision. Records and <c>revision</c> are neighbours in etcd's order,
/// so one range and one watch cover both. The key names never change.
/// </summary>
internal sealed class EtcdKeys(string prefix)
{
    private readonly string _records = prefix + "record/";

    public ByteString Revision { get; } = ByteString.CopyFromUtf8(prefix + "revision");

    public ByteString StateStart { get; } = ByteString.CopyFromUtf8(prefix + "record/");

    /// <value>Exclusive.</value>
    public ByteString StateEnd { get; } = ByteString.CopyFromUtf8(prefix + "revision\0");

    public ByteString Operation(Guid operation) => ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"{prefix}op/{operation:N}"));

    // The name may contain slashes, so the kind must contain none: its slashes are percent-encoded.
    public ByteString Record(IntentKey key) => ByteString.CopyFromUtf8(
        _records + key.Kind.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal) + "/" + key.Name);

    /// <summary>The record of an etcd key; null if the key is not a record's.</summary>
    public IntentKey? ReadRecord(ByteString key)
    {
        if (!key.Span.StartsWith(StateStart.Span))
            return null;
        var text = Encoding.UTF8.GetString(key.Span[StateStart.Length..]);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1 || slash == text.Length - 1)
            return null;
        var kind = text[..slash].Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
        return new IntentKey(kind, text[(slash + 1)..]);
    }
}
