using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meridian.Federation.Routing;

namespace Meridian.Gateway.Admin;

[Description("A region, and what a decision makes of it.")]
internal sealed record ExplainCandidate
{
    [JsonPropertyName("region")]
    public required string Region { get; init; }

    [JsonPropertyName("standing"), Description("Its rank, for example 'ready', or the rule that dropped it, for example 'forbidden'.")]
    public required string Standing { get; init; }

    [JsonPropertyName("why"), Description("The same in words, with the values.")]
    public required string Why { get; init; }

    [JsonPropertyName("score"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The policy's score, less is better; absent for a region that may not serve.")]
    public double? Score { get; init; }

    [JsonPropertyName("facts"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("What the score was made of; absent with it.")]
    public ExplainFacts? Facts { get; init; }

    public static ExplainCandidate Of(RegionExplanation region) => new()
    {
        Region = region.Region,
        Standing = Name(region.Standing),
        Why = region.Why,
        Score = double.IsFinite(region.Score) ? Math.Round(region.Score, 3) : null,
        Facts = double.IsFinite(region.Score) ? ExplainFacts.Of(region.Facts) : null,
    };

    /// <summary>An enumeration's value as the API writes it.</summary>
    public static string Name(Enum value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
