using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>The fields that are the same in every chunk of one answer.</summary>
/// <param name="Id">Id of the answer.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Fingerprint">Names weights, precision and arithmetic. The same fingerprint and seed give the same text to the last bit, unless the answer
/// says otherwise.</param>
/// <param name="Tier">Service tier to report, or null to report none.</param>
internal sealed record AnswerIdentity(string Id, long Created, string Model, string Fingerprint, string? Tier = null)
{
    public static AnswerIdentity Draw(AnswerShape shape, StreamHead head, GenerationRequest request, TimeProvider time) =>
        Of(DrawId(shape), time.GetUtcNow().ToUnixTimeSeconds(), shape, head, request);

    /// <summary>An id that nobody can guess.</summary>
    public static string DrawId(AnswerShape shape) => shape.IdPrefix + Guid.NewGuid().ToString("N");

    public static AnswerIdentity Of(string id, long created, AnswerShape shape, StreamHead head, GenerationRequest request) =>
        new(id, created, head.Model, FingerprintOf(head), shape.NamesTier ? request.EchoedTier : null);

    private static string FingerprintOf(StreamHead head) =>
        head.Arithmetic.Length > 0 ? $"fp_{head.Version}_{head.Variant}_{head.Arithmetic}" : $"fp_{head.Version}_{head.Variant}";
}
