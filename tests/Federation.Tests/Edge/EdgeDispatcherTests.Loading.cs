using Meridian.Messages;

namespace Meridian.Federation.Tests.Edge;

public sealed partial class EdgeDispatcherTests
{
    [Fact]
    public async Task A_request_for_a_model_that_is_loading_waits_for_it()
    {
        LoadEverywhere(Sample.Model(ready: 0));
        var asking = InferAsync();
        await _directory.Awaited.Task;

        _time.Advance(TimeSpan.FromSeconds(20));
        _directory.Load("westeurope", Sample.Model());

        Assert.Equal(("westeurope", 1), (await asking is var answer ? answer.Region : null, answer.Attempts));
    }

    [Fact]
    public async Task A_stream_of_a_model_that_was_just_added_waits_for_it()
    {
        LoadEverywhere();
        var opening = OpenAsync();
        await _directory.Awaited.Task;

        _directory.Load("westeurope", Sample.Model());

        var stream = (await opening).Stream!;
        Assert.Equal("westeurope", stream.Region);
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task A_model_that_stays_loading_is_refused_after_the_wait()
    {
        LoadEverywhere(Sample.Model(ready: 0) with { Problem = "The graph is being compiled." });
        var asking = InferAsync(Sample.Request(remainingMs: 60_000));
        await _directory.Awaited.Task;

        _time.Advance(_options.WaitForModel);

        var refusal = (await asking).Reply.Refusal!;
        Assert.Equal((RefusalCode.NotReady, true), (refusal.Code, refusal.RetryAfterMs > 0));
        Assert.Contains("eastus: The graph is being compiled", refusal.Message, StringComparison.Ordinal);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_wait()
    {
        LoadEverywhere(Sample.Model(ready: 0));
        using var caller = new CancellationTokenSource();
        var asking = Dispatcher().InferAsync(Sample.Request(), caller.Token);
        await _directory.Awaited.Task;

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "files missing: 0123")]
    public async Task A_model_that_nobody_loads_is_not_waited_for(int desired, string? problem)
    {
        LoadEverywhere(Sample.Model(ready: 0) with { DesiredReplicas = desired, Problem = problem });

        var refusal = (await InferAsync()).Reply.Refusal!;

        Assert.Equal(RefusalCode.NotReady, refusal.Code);
        if (problem is not null)
            Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_requests_wait_than_there_are_places()
    {
        _options.MaxWaitingForModels = 2;
        LoadEverywhere(Sample.Model(ready: 0));
        var edge = Dispatcher();
        var waiting = Enumerable.Range(0, 2).Select(_ => edge.InferAsync(Sample.Request(), CancellationToken.None)).ToArray();
        await _directory.Awaited.Task;

        Assert.Equal(RefusalCode.NotReady, (await edge.InferAsync(Sample.Request(), CancellationToken.None)).Reply.Refusal!.Code);

        _directory.Load("eastus", Sample.Model());
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal("eastus", answer.Region));
        Assert.Equal("eastus", (await edge.InferAsync(Sample.Request(), CancellationToken.None)).Region);
    }

    private void LoadEverywhere(params ModelStatus[] models)
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Load(region, models);
    }
}
