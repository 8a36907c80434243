using Meridian.Routing.Residency;

namespace Meridian.Gateway.Access;

/// <summary>What a request says before its body.</summary>
/// <param name="Started">Timestamp of its arrival.</param>
/// <param name="DeadlineMs">The caller's deadline from then on, ms.</param>
internal readonly record struct RequestHead(long Started, int DeadlineMs)
{
    /// <value>Who sent it.</value>
    public Caller Caller { get; init; }

    /// <value>Jurisdictions that the caller narrows to, or null.</value>
    public string[]? Asked { get; init; }

    /// <value>Where the data may go, by all rules together.</value>
    public DataBoundary Boundary { get; init; }

    /// <value>The conversation that it belongs to, or null.</value>
    public string? Session { get; init; }

    /// <value>Whether the answer is to explain the decision.</value>
    public bool Explain { get; init; }

    /// <value>Whether the caller follows redirects.</value>
    public bool Follows { get; init; }
}
