using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Tests.Edge;

public sealed partial class EdgeDispatcherTests
{
    [Theory]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.RegionLost)]
    public async Task A_region_that_lost_a_replica_is_asked_again_without_it(RefusalCode code)
    {
        _regions["eastus"] = (request, _) =>
            Task.FromResult(request.ExcludedReplicas is null ? Replica(code, "r0", again: true) : Sample.Result("eastus", request));

        var answer = await InferAsync();

        Assert.Equal(("eastus", 2), (answer.Region, answer.Attempts));
        Assert.Equal([null, ["r0"]], _sent.Select(sent => sent.Request.ExcludedReplicas));
        Assert.Empty(_reports);
        Assert.All(_outcomes, outcome => Assert.Equal(AttemptOutcome.Answered, outcome.Outcome));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_region_without_another_replica_is_left_for_the_next()
    {
        _regions["eastus"] = (_, _) => Task.FromResult(Replica(RefusalCode.NotReady, "r0", again: false));

        var answer = await InferAsync();

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        Assert.Null(_sent.Last().Request.ExcludedReplicas);
    }

    [Fact]
    public async Task A_request_costs_as_many_calls_as_its_budget_when_all_replicas_of_all_regions_are_lost()
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
        {
            _regions[region] = (request, _) =>
                Task.FromResult(Replica(RefusalCode.NotReady, $"{region}-r{request.ExcludedReplicas?.Length ?? 0}", again: true));
        }

        var answer = await InferAsync();

        Assert.NotNull(answer.Reply.Refusal);
        Assert.Equal(_options.Attempts, _sent.Count);
        Assert.Equal(["eastus", "eastus", "westeurope", "westeurope"], _sent.Select(sent => sent.Region));
        Assert.All(_outcomes, outcome => Assert.Equal(AttemptOutcome.Answered, outcome.Outcome));
    }

    [Fact]
    public async Task The_only_region_that_may_serve_is_asked_until_a_replica_serves()
    {
        _regions["westeurope"] = (request, _) => Task.FromResult(request.ExcludedReplicas is { Length: 3 }
            ? Sample.Result("westeurope", request)
            : Replica(RefusalCode.NotReady, $"r{request.ExcludedReplicas?.Length ?? 0}", again: true));

        var answer = await InferAsync(Sample.Request(residency: ["eu"]));

        Assert.Equal(("westeurope", 4), (answer.Region, answer.Attempts));
        Assert.NotNull(answer.Reply.Result);
        Assert.All(_sent, sent => Assert.Equal("westeurope", sent.Region));
    }

    [Fact]
    public async Task A_region_that_died_meanwhile_is_not_kept()
    {
        _regions["eastus"] = (_, _) =>
        {
            _directory.Die("eastus");
            return Task.FromResult(Replica(RefusalCode.NotReady, "r0", again: true));
        };

        Assert.Equal(("westeurope", 2), (await InferAsync() is var answer ? answer.Region : null, answer.Attempts));
    }

    private static InferReply Replica(RefusalCode code, string replica, bool again) =>
        new() { Refusal = new Refusal { Code = code, Message = $"replica {replica}", Replica = replica, Again = again, RetryAfterMs = 10 } };
}
