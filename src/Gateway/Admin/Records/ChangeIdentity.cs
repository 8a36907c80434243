using System.Security.Cryptography;
using System.Text;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Meridian.Gateway.Admin.Records;

/// <summary>
/// Identifies a change by the caller's request id, so that a repeated request makes the change only once. The operation id covers method, path and request
/// id. The digest covers caller, conditions and body.
/// A proxy that gives every request the same id, or a client that uses an id twice, sends another digest under the same operation id and gets an error.
/// </summary>
internal static class ChangeIdentity
{
    private const int DigestBytes = 16;

    public static (Guid Operation, byte[]? Digest) Of(HttpContext context, string caller, ReadOnlySpan<byte> body)
    {
        var headers = context.Request.Headers;
        if (headers[GatewayHeaders.RequestId].Count == 0)
            return (Guid.NewGuid(), null);
        Span<byte> name = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{context.Request.Method} {context.Request.Path} {context.TraceIdentifier}"), name);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in new[] { caller, headers[HeaderNames.IfMatch].ToString(), headers[HeaderNames.IfNoneMatch].ToString() })
        {
            digest.AppendData(Encoding.UTF8.GetBytes(part));
            digest.AppendData([0]);
        }

        digest.AppendData(body);
        return (new Guid(name[..16]), digest.GetHashAndReset()[..DigestBytes]);
    }
}
