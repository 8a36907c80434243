using Meridian.Messages.Generation;

namespace Meridian.Gateway.Generation.Answers;

/// <summary>What every part of one answer says alike.</summary>
/// <param name="Id">Of the answer.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Fingerprint">Changes with the weights and their precision, so it says whether the same seed can give the same text.</param>
internal sealed record AnswerIdentity(string Id, long Created, string Model, string Fingerprint)
{
    public static AnswerIdentity Draw(string prefix, StreamHead head, TimeProvider time) =>
        new(prefix + Guid.NewGuid().ToString("N"), time.GetUtcNow().ToUnixTimeSeconds(), head.Model, FingerprintOf(head));

    public static string FingerprintOf(StreamHead head) => $"fp_{head.Version}_{head.Variant}";
}
