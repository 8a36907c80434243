using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using MessagePack;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Fingerprint of a request. It tells whether a request that carries an event id is the one that the event answered: the same tenant, endpoint, model and
/// everything else that shapes the answer.
/// The seed is included only if the caller gave it. Otherwise each edge draws its own seed, and the seed in the event id is used.
/// </summary>
internal static class RequestDigest
{
    private const int Bytes = 16;

    /// <param name="tenant">Tenant on whose behalf the request runs.</param>
    /// <param name="seeded">Whether the caller gave the seed.</param>
    public static string Of(string tenant, AnswerShape shape, GenerationRequest request, bool seeded)
    {
        var input = seeded ? request.Input : request.Input with { Sampling = request.Input.Sampling with { Seed = 0 } };
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (ReadOnlySpan<string>)[tenant, shape.IdPrefix, request.Model, request.EchoedTier ?? "", $"{seeded},{request.IncludeUsage}"])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        hash.AppendData(MessagePackSerializer.Serialize(input));
        return Base64Url.EncodeToString(hash.GetHashAndReset().AsSpan(0, Bytes));
    }
}
