using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Meridian.Gateway.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Signs event ids, so that an edge resumes only answers that an edge of the same installation has issued.
/// All edges share <see cref="GatewayOptions.ResumeKey"/>. An edge without that setting draws its own key; its ids are valid until its process ends.
/// </summary>
internal sealed class EventIds(IOptions<GatewayOptions> options)
{
    /// <summary>Length of a signature in bytes: an HMAC-SHA-256 truncated to half its length, as RFC 2104 allows.</summary>
    private const int SignatureBytes = 16;

    private readonly byte[] _key = options.Value.ResumeKey is { Length: > 0 } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    /// <summary>Length of an encoded signature, characters.</summary>
    public static int SignatureLength { get; } = Base64Url.GetEncodedLength(SignatureBytes);

    /// <summary>Signs the part of an id that precedes the signature.</summary>
    /// <param name="text">ASCII.</param>
    /// <param name="signature"><see cref="SignatureLength"/> bytes.</param>
    public void Sign(ReadOnlySpan<byte> text, Span<byte> signature)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, text, hash);
        Base64Url.EncodeToUtf8(hash[..SignatureBytes], signature);
    }

    /// <summary>Whether an id was signed with this edge's key.</summary>
    public bool IsOurs(EventId id)
    {
        Span<byte> signature = stackalloc byte[SignatureLength];
        Sign(Encoding.UTF8.GetBytes(id.Signed), signature);
        return CryptographicOperations.FixedTimeEquals(signature, Encoding.UTF8.GetBytes(id.Signature));
    }
}
