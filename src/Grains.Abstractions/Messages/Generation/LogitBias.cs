using MessagePack;

namespace Meridian.Messages.Generation;

/// <param name="TokenId">Id of the model's vocabulary.</param>
/// <param name="Bias">-100 to 100, added to the token's logit before anything else.</param>
[GenerateSerializer, Immutable, Alias("meridian.LogitBias"), MessagePackObject]
public readonly record struct LogitBias([property: Id(0), Key(0)] int TokenId, [property: Id(1), Key(1)] float Bias);
