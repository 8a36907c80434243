using Meridian.Routing.Residency;

namespace Meridian.Gateway.Access;

/// <summary>The part of a request that precedes its body.</summary>
/// <param name="Started">Timestamp of the request's arrival.</param>
/// <param name="DeadlineMs">The caller's deadline, counted from the arrival, ms.</param>
internal readonly record struct RequestHead(long Started, int DeadlineMs)
{
    /// <value>Sender of the request.</value>
    public Caller Caller { get; init; }

    /// <value>Jurisdictions to which the caller restricts the request, or null.</value>
    public string[]? Asked { get; init; }

    /// <value>Where the data may go after all rules are combined.</value>
    public DataBoundary Boundary { get; init; }

    /// <value>Id of the conversation that the request belongs to, or null.</value>
    public string? Session { get; init; }

    /// <value>Version of the model that must serve, or null.</value>
    public string? Version { get; init; }

    /// <value>Variant of the model that must serve, or null.</value>
    public string? Variant { get; init; }

    /// <value>Whether the answer explains the routing decision.</value>
    public bool Explain { get; init; }

    /// <value>Whether the caller follows redirects.</value>
    public bool Follows { get; init; }
}
