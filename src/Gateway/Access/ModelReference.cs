namespace Meridian.Gateway.Access;

/// <summary>The model of a request, <c>model</c> or <c>model@version</c>. A model's name has no <c>@</c>, a version may have one.</summary>
internal static class ModelReference
{
    public static (string Model, string? Version) Split(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? (reference, null) : (reference[..at], reference[(at + 1)..]);
    }
}
