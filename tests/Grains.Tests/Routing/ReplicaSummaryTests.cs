using Meridian.Grains.Replicas;
using Meridian.Messages;

namespace Meridian.Grains.Tests.Routing;

public sealed class ReplicaSummaryTests
{
    [Fact]
    public void A_region_generates_as_fast_as_its_ready_replicas_do_on_average()
    {
        var pace = Of(Generating(ShardState.Ready, 20, 0), Generating(ShardState.Ready, 40, 200), Generating(ShardState.Loading, 1000, 1000)).Pace;

        // The one that has ended nothing yet knows no length.
        Assert.Equal(new TokenPace { TokenMs = 30, AloneMs = 10, Tokens = 200, Slots = 16 }, pace);
    }

    [Fact]
    public void It_does_not_say_where_any_of_them_does_not()
    {
        Assert.Null(Of(Generating(ShardState.Ready, 20, 100), Generating(ShardState.Ready, 20, 100) with { Pace = null }).Pace);
        Assert.Null(Of().Pace);
    }

    [Fact]
    public void Its_arithmetic_is_that_of_all_ready_replicas_or_none()
    {
        var same = Generating(ShardState.Ready, 20, 100) with { Arithmetic = "a" };
        Assert.Equal("a", Of(same, same, same with { State = ShardState.Loading, Arithmetic = null }).Arithmetic);
        Assert.Null(Of(same, same with { Arithmetic = "b" }).Arithmetic);
        Assert.Null(Of(same, same with { Arithmetic = null }).Arithmetic);
        Assert.Null(Of().Arithmetic);
    }

    private static ModelStatus Of(params ShardStatus[] replicas) =>
        Assert.Single(ReplicaSummary.Of(new ReplicaTable { Model = "stories", Version = "v1@0", Variant = "fp32", Revision = 1, DesiredReplicas = 2, Replicas = replicas }));

    private static ShardStatus Generating(ShardState state, float tokenMs, float tokens) =>
        new() { Key = "stories", State = state, Pace = new TokenPace { TokenMs = tokenMs, AloneMs = 10, Tokens = tokens, Slots = 8 } };
}
