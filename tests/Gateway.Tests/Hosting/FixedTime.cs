namespace Meridian.Gateway.Tests.Hosting;

/// <summary>A clock that stands still, for answers that are compared letter by letter.</summary>
public sealed class FixedTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);
}
