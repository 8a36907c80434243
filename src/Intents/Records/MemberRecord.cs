using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>A region of the installation.</summary>
[MessagePackObject]
public sealed record MemberRecord
{
    [Key(0)] public required string Jurisdiction { get; init; }

    /// <value>Address of the region protocol.</value>
    [Key(1)] public required string Protocol { get; init; }

    /// <value>Address of the HTTP facade as callers reach it, or null.</value>
    [Key(2)] public string? Facade { get; init; }

    [Key(3)] public string? Location { get; init; }

    /// <value>Address of its consensus port, <c>host:port</c>, or null if the region does not vote.</value>
    [Key(4)] public string? Consensus { get; init; }

    /// <value>Country by ISO 3166-1 alpha-2, upper case, or null.</value>
    [Key(5)] public string? Country { get; init; }

    /// <value>Price of one replica for one hour, in the installation's currency; 0 while unknown.</value>
    [Key(6)] public double PricePerHour { get; init; }

    /// <value>Whether the region is a witness: it votes but serves no requests.</value>
    [Key(7)] public bool Witness { get; init; }
}
