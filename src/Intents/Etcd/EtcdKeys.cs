using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Meridian.Intents.Etcd;

/// <summary>
/// Where things lie in etcd, below one prefix: <c>op/OPERATION</c> what became of an operation, <c>record/KIND/NAME</c> a record, <c>revision</c> a key that every change
/// that was made writes, so that its modification revision is the log's. Records and <c>revision</c> are neighbours in etcd's order: one range, and one watch, cover both.
/// Names are kept for ever.
/// </summary>
internal sealed class EtcdKeys(string prefix)
{
    private readonly string _records = prefix + "record/";

    public ByteString Revision { get; } = ByteString.CopyFromUtf8(prefix + "revision");

    public ByteString StateStart { get; } = ByteString.CopyFromUtf8(prefix + "record/");

    /// <value>Exclusive.</value>
    public ByteString StateEnd { get; } = ByteString.CopyFromUtf8(prefix + "revision\0");

    public ByteString Operation(Guid operation) => ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"{prefix}op/{operation:N}"));

    // The name may have slashes, so the kind must have none; percent is what hides them.
    public ByteString Record(IntentKey key) => ByteString.CopyFromUtf8(
        _records + key.Kind.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal) + "/" + key.Name);

    /// <summary>The record that an etcd key is for; null for a key that is none of a record.</summary>
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
