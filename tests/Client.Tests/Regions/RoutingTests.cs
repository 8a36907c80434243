using Meridian.Client.Tests.Harness;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Tests.Regions;

/// <summary>Where requests go while every region stands.</summary>
public sealed class RoutingTests(ThreeRegions regions) : RegionsTest(regions)
{
    [Fact]
    public async Task The_nearest_region_serves()
    {
        Regions.East.Distance.Delay = TimeSpan.FromMilliseconds(40);
        Regions.Asia.Distance.Delay = TimeSpan.FromMilliseconds(80);
        await using var client = await new TestClient(Regions.All).AllAliveAsync();

        Assert.Equal("westeurope", (await client.EmbedAsync()).Region);
        Assert.Equal("westeurope", client.Client.HomeRegion());
    }

    [Fact]
    public async Task A_region_with_a_long_queue_is_far()
    {
        Regions.East.Script.Models = [RegionScript.Model("minilm", queued: 100, serviceMs: 10)];
        await using var client = await new TestClient([Regions.East, Regions.Europe]).AllAliveAsync();

        Assert.Equal("westeurope", (await client.EmbedAsync()).Region);
    }

    [Fact]
    public async Task A_region_without_the_model_is_passed_over()
    {
        Regions.Europe.Distance.Delay = TimeSpan.FromMilliseconds(20);
        Regions.East.Script.Models = [RegionScript.Model("minilm", ready: 0)];
        await using var client = await new TestClient([Regions.East, Regions.Europe]).AllAliveAsync();

        Assert.Equal("westeurope", (await client.EmbedAsync()).Region);
        Assert.Empty(Regions.East.Script.Requests);
    }

    [Fact]
    public async Task A_region_that_drains_gets_nothing_new_until_it_is_taken_back()
    {
        await using var client = await new TestClient([Regions.East, Regions.Europe], o => o.HomeRegion = "eastus").AllAliveAsync();
        Assert.Equal("eastus", (await client.EmbedAsync()).Region);

        Regions.East.Script.Draining = true;
        await client.UntilAsync("the drain is heard of", r => r[0].Draining);
        Assert.Equal("westeurope", (await client.EmbedAsync()).Region);
        Assert.Equal("westeurope", client.Client.HomeRegion());

        // Nobody else may serve this one: it is a last resort, not closed.
        var request = new InferRequest { RequestId = "r-4", Model = "minilm", RemainingMs = 0, Residency = ["us"], Input = new EmbeddingInput { Texts = ["1"] } };
        Assert.Equal("eastus", (await client.Client.InferAsync(request)).Region);

        Regions.East.Script.Draining = false;
        await client.UntilAsync("the end of the drain is heard of", r => !r[0].Draining);
        Assert.Equal("eastus", (await client.EmbedAsync()).Region);
    }

    [Fact]
    public async Task The_configured_home_is_preferred()
    {
        Regions.Asia.Distance.Delay = TimeSpan.FromMilliseconds(20);
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "southeastasia").AllAliveAsync();

        Assert.Equal("southeastasia", (await client.EmbedAsync()).Region);
    }

    [Theory]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.RegionLost)]
    public async Task A_refusal_that_another_region_may_not_share_goes_to_the_next(RefusalCode code)
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.East.Script.Refuse(code);

        var result = await client.EmbedAsync();

        Assert.NotEqual("eastus", result.Region);
        var first = Assert.Single(Regions.East.Script.Requests);
        var second = Assert.Single(Regions.Europe.Script.Requests.Concat(Regions.Asia.Script.Requests));
        Assert.Equal(first.RequestId, second.RequestId);
        Assert.Equal((3, 2), (first.AttemptsLeft, second.AttemptsLeft));
    }

    [Theory]
    [InlineData(RefusalCode.InvalidInput)]
    [InlineData(RefusalCode.InputTooLong)]
    [InlineData(RefusalCode.Deadline)]
    [InlineData(RefusalCode.Internal)]
    public async Task A_final_refusal_is_thrown_as_it_came(RefusalCode code)
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.East.Script.Refuse(code);

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal((code, $"eastus says {code}", "input[0]"), (error.Refusal.Code, error.Refusal.Message, error.Refusal.Param));
        Assert.Empty(Regions.Europe.Script.Requests);
    }

    [Fact]
    public async Task Full_everywhere_is_said_after_each_region_was_asked_once()
    {
        await using var client = await new TestClient(Regions.All).AllAliveAsync();
        foreach (var region in Regions.All)
            region.Script.Refuse(RefusalCode.NoCapacity, retryAfterMs: 700);

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal((RefusalCode.NoCapacity, 700), (error.Refusal.Code, error.Refusal.RetryAfterMs));
        Assert.All(Regions.All, r => Assert.Single(r.Script.Requests));
    }

    [Fact]
    public async Task The_attempt_budget_is_all_there_is()
    {
        await using var client = await new TestClient([Regions.East, Regions.Europe], o => o.Attempts = 5).AllAliveAsync();
        Regions.East.Script.Refuse(RefusalCode.NotReady);
        Regions.Europe.Script.Refuse(RefusalCode.NotReady);

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal(RefusalCode.NotReady, error.Refusal.Code);
        Assert.Equal(5, Regions.East.Script.Requests.Count + Regions.Europe.Script.Requests.Count);
    }

    [Fact]
    public async Task An_exception_in_a_region_is_a_fault_of_ours()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.East.Script.Infer = (_, _) => throw new InvalidDataException("broken");

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal(RefusalCode.Internal, error.Refusal.Code);
        Assert.Contains("broken", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_deadline_ends_the_request_here_and_in_the_region()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var (_, cancelled) = Regions.East.Script.Hang();

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.Client.InferAsync(new InferRequest
        {
            RequestId = "r-1",
            Model = "minilm",
            RemainingMs = 100,
            Input = new EmbeddingInput { Texts = ["1"] },
        }));

        Assert.Equal(RefusalCode.Deadline, error.Refusal.Code);
        Assert.InRange(Assert.Single(Regions.East.Script.Requests).RemainingMs, 1, 100);
        await cancelled.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_caller_that_goes_away_stops_the_work_in_the_region()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var (arrived, cancelled) = Regions.East.Script.Hang();
        using var caller = new CancellationTokenSource();

        var request = client.EmbedAsync(cancellationToken: caller.Token);
        await arrived.WaitAsync(TimeSpan.FromSeconds(60));
        await caller.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal(caller.Token, error.CancellationToken);
        await cancelled.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(0, client.Client.Regions[0].InFlight);
    }

    [Fact]
    public async Task Only_permitted_regions_are_connected_and_asked()
    {
        await using var client = new TestClient(Regions.All, o => o.Residency = ["eu", "apac"]);
        await client.UntilAsync(Regions.Europe, RegionConnectionState.Alive);

        Assert.Equal(RegionConnectionState.Excluded, client.Client.Regions[0].State);
        for (var i = 0; i < 20; i++)
            Assert.NotEqual("eastus", (await client.EmbedAsync()).Region);
        Assert.All(Regions.Europe.Script.Requests, r => Assert.Equal(["eu", "apac"], r.Residency!));
    }

    [Fact]
    public async Task A_request_may_restrict_itself_further_without_moving_the_others()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Assert.Equal("eastus", (await client.EmbedAsync()).Region);

        var request = new InferRequest { RequestId = "r-2", Model = "minilm", RemainingMs = 0, Residency = ["eu"], Input = new EmbeddingInput { Texts = ["1"] } };

        Assert.Equal("westeurope", (await client.Client.InferAsync(request)).Region);
        Assert.Equal("eastus", client.Client.HomeRegion());
    }

    [Fact]
    public async Task A_request_may_name_the_regions_that_may_serve_it()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        var request = new InferRequest { RequestId = "r-5", Model = "minilm", RemainingMs = 0, Residency = ["EU"], PermittedRegions = ["westeurope"], Input = new EmbeddingInput { Texts = ["1"] } };

        Assert.Equal("westeurope", (await client.Client.InferAsync(request)).Region);
        Assert.Equal(["westeurope"], Regions.Europe.Script.Requests.Last().PermittedRegions!);
        var error = await Assert.ThrowsAsync<MeridianException>(() => client.Client.InferAsync(request with { PermittedRegions = ["nowhere"] }));
        Assert.Equal(RefusalCode.ResidencyUnavailable, error.Refusal.Code);
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Residency_fails_closed()
    {
        await using var client = await new TestClient(Regions.All).AllAliveAsync();
        var request = new InferRequest { RequestId = "r-3", Model = "minilm", RemainingMs = 0, Residency = ["ch"], Input = new EmbeddingInput { Texts = ["1"] } };

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.Client.InferAsync(request));

        Assert.Equal(RefusalCode.ResidencyUnavailable, error.Refusal.Code);
        Assert.Contains("ch", error.Message, StringComparison.Ordinal);
        Assert.All(Regions.All, r => Assert.Empty(r.Script.Requests));
    }

    [Fact]
    public async Task A_gateway_of_another_region_is_not_used()
    {
        // Same cluster id, other name: the region under eu's address turns out to be somebody else.
        Regions.Europe.Script.Region = "eastus";
        await using var client = new TestClient([Regions.Europe], o => o.WaitForRegion = TimeSpan.Zero);
        await client.UntilAsync("the impostor is noticed", r => r[0].Problem?.Contains("belongs to region 'eastus'", StringComparison.Ordinal) == true);

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal(RefusalCode.RegionLost, error.Refusal.Code);
        Assert.Empty(Regions.Europe.Script.Requests);
    }

    [Fact]
    public async Task The_orleans_client_of_a_region_is_at_hand()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var status = await client.Client.GetClusterClient("eastus").GetGrain<Meridian.Grains.IRegionEndpoint>(0).Status();

        Assert.Equal("eastus", status.Region);
        Assert.Throws<ArgumentException>(() => client.Client.GetClusterClient("atlantis"));
    }
}
