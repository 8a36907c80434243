using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Scheduling;
using Meridian.Inference.Sampling;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class GenerationSchedulerTests(ScriptedTokenizer tokenizer) : IAsyncDisposable
{
    private ScriptedEngine? _scripted;

    public async ValueTask DisposeAsync()
    {
        if (_scripted is not null)
            await _scripted.DisposeAsync();
    }

    [Fact]
    public async Task Sequences_join_and_leave_at_every_step()
    {
        var scripted = Start();
        scripted.Stage.Close();
        var first = scripted.Open(Work([10], 3));
        await scripted.Stage.EnteredAsync();
        var second = scripted.Open(Work([11], 2));
        scripted.Stage.Let(1);
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Open();
        await Generated.ReadAsync(first);
        await Generated.ReadAsync(second);
        Assert.Equal([1, 2, 2], scripted.Stage.History.Select(rows => rows.Length));
    }

    [Fact]
    public async Task A_long_prompt_comes_in_chunks_beside_streams_that_go_on()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 4, PrefillChunk = 16 });
        scripted.Stage.Close();
        var running = scripted.Open(Work([10], 30));
        await scripted.Stage.EnteredAsync();
        var prompt = Enumerable.Range(0, 100).Select(i => i + 5).ToArray();
        var arriving = scripted.Open(Work(prompt, 1));
        scripted.Stage.Open();
        await Task.WhenAll(Generated.ReadAsync(running), Generated.ReadAsync(arriving));
        var mixed = scripted.Stage.History.Where(rows => rows.Length == 2).ToArray();
        Assert.True(mixed.Length >= 7, $"the prompt came in {mixed.Length} steps");
        Assert.All(mixed, rows => Assert.True(rows[0].Length == 1 && rows[1].Length <= 16, $"{rows[0].Length} and {rows[1].Length} tokens"));
        Assert.Equal(prompt, mixed.SelectMany(rows => rows[1]));
    }

    [Fact]
    public async Task Short_prompts_are_computed_together()
    {
        var scripted = Start();
        scripted.Stage.Close();
        var blocker = scripted.Open(Work([10], 1));
        await scripted.Stage.EnteredAsync();
        var streams = Enumerable.Range(0, 4).Select(i => scripted.Open(Work([20, 21, 22 + i], 1))).ToArray();
        scripted.Stage.Open();
        await Generated.ReadAsync(blocker);
        await Task.WhenAll(streams.Select(s => Generated.ReadAsync(s)));
        Assert.Equal([1, 4], scripted.Stage.History.Select(rows => rows.Length));
    }

    [Fact]
    public async Task Of_one_prompt_with_several_continuations_the_prompt_is_computed_once()
    {
        foreach (var cache in new[] { true, false })
        {
            await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { MaxSequences = 8, PrefixCache = cache });
            int[] prompt = [.. Enumerable.Range(20, 50)];
            var work = Work(prompt, 5) with { ChoicesPerPrompt = 4, Sampling = new SamplingSettings { Seed = 3 } };
            var stream = scripted.Open(work);
            var generated = await Generated.ReadAsync(stream, 4);
            Assert.Equal(0, stream.CachedTokens);

            // The others compute the prompt's last token again, for its distribution, and each choice all its tokens but the last.
            Assert.Equal(50 + 3 + Enumerable.Range(0, 4).Sum(c => generated.Ids(c).Length - 1), scripted.Stage.TokensRun);
            Assert.Equal(3, scripted.Stage.Copies);
        }
    }

    [Fact]
    public async Task With_one_place_and_no_prefix_cache_a_prompt_is_still_computed_once_for_all_its_continuations()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 2, PrefixCache = false });
        int[] prompt = [.. Enumerable.Range(20, 50)];
        var generated = await Generated.ReadAsync(scripted.Open(Work(prompt, 3) with { ChoicesPerPrompt = 6, Sampling = new SamplingSettings { Seed = 3 } }), 6);
        Assert.Equal(50 + 5 + Enumerable.Range(0, 6).Sum(c => generated.Ids(c).Length - 1), scripted.Stage.TokensRun);
        await scripted.IdleAsync();
        Assert.Equal(0, scripted.Engine.Counters.KeptTokens);
    }

    [Fact]
    public async Task What_has_been_computed_is_not_computed_again_for_the_same_tenant()
    {
        var scripted = Start();
        int[] shared = [.. Enumerable.Range(20, 40)];
        var first = await Generated.ReadAsync(scripted.Open(Work([.. shared, 7], 12) with { IgnoreEndOfText = true }));
        Assert.Equal(0, scripted.Engine.Counters.CachedTokens);

        // A branch is copied, a continuation takes over.
        var branch = scripted.Open(Work([.. shared, 8], 4));
        await Generated.ReadAsync(branch);
        Assert.Equal(40, branch.CachedTokens);
        var continued = scripted.Open(Work([.. shared, 7, .. first.Ids(), 9], 4));
        await Generated.ReadAsync(continued);
        Assert.Equal(40 + 1 + 12 - 1, continued.CachedTokens);
        Assert.Equal(1, scripted.Stage.Copies);

        var stranger = scripted.Open(Work([.. shared, 7], 4) with { Tenant = "other" });
        await Generated.ReadAsync(stranger);
        Assert.Equal(0, stranger.CachedTokens);
        Assert.Equal(branch.CachedTokens + continued.CachedTokens, scripted.Engine.Counters.CachedTokens);
    }

    [Fact]
    public async Task Without_the_prefix_cache_everything_is_computed()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 4, PrefixCache = false });
        int[] prompt = [.. Enumerable.Range(20, 40)];
        for (var i = 0; i < 3; i++)
        {
            var stream = scripted.Open(Work(prompt, 1));
            await Generated.ReadAsync(stream);
            Assert.Equal(0, stream.CachedTokens);
        }

        Assert.Equal(120, scripted.Stage.TokensRun);
        Assert.Equal(0, scripted.Engine.Counters.KeptTokens);
    }

    [Fact]
    public async Task Kept_prefixes_give_way_to_what_runs()
    {
        var scripted = Start(budget: 100);
        for (var i = 0; i < 10; i++)
        {
            await Generated.ReadAsync(scripted.Open(Work([.. Enumerable.Range(20 + i, 60)], 20) with { IgnoreEndOfText = true }));
            await scripted.IdleAsync();
            Assert.Equal(79, scripted.Engine.Counters.KeptTokens);
        }

        Assert.Equal(0, scripted.Engine.Counters.Preemptions);
        Assert.InRange(scripted.Stage.MostHeld, 0, 100);
    }

    [Fact]
    public async Task Sequences_without_a_limit_share_memory_that_their_worst_cases_would_exceed_and_the_youngest_gives_way()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 4, PrefixCache = false }, budget: 200);
        var works = Enumerable.Range(0, 4).Select(i => Work([30 + i, 40, 50], null) with { IgnoreEndOfText = true }).ToArray();
        scripted.Stage.Close();
        var streams = works.Select(scripted.Open).ToArray();
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Let(1);
        await scripted.Stage.EnteredAsync();
        Assert.Equal(4, scripted.Engine.Counters.SlotsInUse);
        scripted.Stage.Open();
        var all = await Task.WhenAll(streams.Select(s => Generated.ReadAsync(s)));
        for (var i = 0; i < 4; i++)
            Assert.Equal(scripted.Expect(works[i], 0).Ids, all[i].Ids());
        Assert.True(scripted.Engine.Counters.Preemptions >= 3, $"{scripted.Engine.Counters.Preemptions} preemptions");
        Assert.InRange(scripted.Stage.MostHeld, 0, 200);
    }

    [Fact]
    public async Task Sequences_with_a_limit_wait_for_their_worst_case_and_never_give_way()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 8 }, budget: 100);
        scripted.Stage.Close();
        var streams = Enumerable.Range(0, 6).Select(i => scripted.Open(Work([30 + i, 40], 48) with { IgnoreEndOfText = true })).ToArray();
        scripted.Stage.Open();
        await Task.WhenAll(streams.Select(s => Generated.ReadAsync(s)));
        Assert.Equal(0, scripted.Engine.Counters.Preemptions);
        Assert.Equal(2, scripted.Stage.History.Max(rows => rows.Length));
    }

    [Fact]
    public async Task A_tenant_with_a_thousand_waiting_requests_does_not_starve_another()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 2 });
        scripted.Stage.Close();
        var many = Enumerable.Range(0, 1000).Select(i => scripted.Open(Work([30 + (i % 50), 40], 2) with { Tenant = "many", IgnoreEndOfText = true })).ToArray();
        await scripted.Stage.EnteredAsync();
        var few = Enumerable.Range(0, 5).Select(i => scripted.Open(Work([100 + i, 40], 2) with { Tenant = "few", IgnoreEndOfText = true })).ToArray();
        scripted.Stage.Open();
        await Task.WhenAll(few.Concat(many).Select(s => Generated.ReadAsync(s)));

        // Five sequences of two steps each on every other place, and the two that ran already; all others take far longer.
        var steps = scripted.Stage.History.TakeWhile(rows => !rows.Any(r => r.Length == 2 && r[0] == 104)).Count();
        Assert.InRange(steps, 1, 30);
        Assert.True(scripted.Stage.Runs > 900, $"{scripted.Stage.Runs} runs");
    }

    [Fact]
    public async Task Within_a_tenant_who_came_first_is_first()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 1 });
        scripted.Stage.Close();
        var streams = Enumerable.Range(0, 20).Select(i => scripted.Open(Work([100 + i], 1))).ToArray();
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Open();
        await Task.WhenAll(streams.Select(s => Generated.ReadAsync(s)));
        Assert.Equal(Enumerable.Range(100, 20), scripted.Stage.History.Select(rows => rows[0][0]));
    }

    [Fact]
    public async Task A_cancelled_stream_is_computed_at_most_once_more_and_its_slot_is_free()
    {
        var scripted = Start();
        scripted.Stage.Close();
        var stream = scripted.Open(Work([10], null) with { ChoicesPerPrompt = 3, IgnoreEndOfText = true, Sampling = new SamplingSettings { Seed = 1 } });
        for (var i = 0; i < 5; i++)
        {
            await scripted.Stage.EnteredAsync();
            scripted.Stage.Let(1);
        }

        await scripted.Stage.EnteredAsync();
        Assert.Equal(3, scripted.Engine.Counters.SlotsInUse);
        var read = stream.ReadAsync(0, CancellationToken.None);
        await read;
        stream.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadAsync(0, CancellationToken.None));
        var steps = scripted.Engine.Counters.Steps;
        scripted.Stage.Open();
        await scripted.IdleAsync();
        var counters = scripted.Engine.Counters;
        Assert.Equal((3, 1, 0), (counters.Cancelled, counters.MostStepsAfterCancel, counters.ReservedTokens));
        Assert.Equal(steps + 1, counters.Steps);
        Assert.True(counters.MostCancelMs > 0);
        stream.Cancel();
        await Generated.ReadAsync(scripted.Open(Work([10], 2)));
    }

    [Fact]
    public async Task After_a_thousand_aborted_requests_everything_is_free()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 8, PrefixCache = false });
        for (var i = 0; i < 1000; i++)
        {
            var stream = scripted.Open(Work([10 + (i % 100), 20], null) with { IgnoreEndOfText = true, ChoicesPerPrompt = 1 + (i % 3), Tenant = $"{i % 7}" });
            if (i % 2 == 0)
                await stream.ReadAsync(0, TestContext.Current.CancellationToken);
            stream.Cancel();
        }

        await scripted.IdleAsync();
        var counters = scripted.Engine.Counters;
        Assert.Equal((0, 0L, 0L), (counters.SlotsInUse, counters.ReservedTokens, counters.KeptTokens));
        Assert.InRange(counters.MostStepsAfterCancel, 0, 1);
        Assert.Equal(0, Enumerable.Range(0, scripted.Stage.Slots).Sum(scripted.Stage.Length));
    }

    [Fact]
    public async Task A_reader_who_does_not_read_holds_up_its_own_sequences_only()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 4, RingTokens = 4 });
        var slow = Work([10], 20) with { IgnoreEndOfText = true };
        var unread = scripted.Open(slow);
        var other = Work([11], 60) with { IgnoreEndOfText = true };
        Assert.Equal(scripted.Expect(other, 0).Ids, (await Generated.ReadAsync(scripted.Open(other))).Ids());
        var frame = await unread.ReadAsync(0, CancellationToken.None);
        Assert.Equal(4, frame.Next);
        Assert.Equal(1, scripted.Engine.Counters.SlotsInUse);
        Assert.Equal(scripted.Expect(slow, 0).Ids, (await Generated.ReadAsync(unread)).Ids());
    }

    [Fact]
    public async Task A_place_whose_reader_does_not_read_goes_to_those_who_wait_for_it()
    {
        var time = new FakeTimeProvider();
        var scripted = Start(new EngineOptions { MaxSequences = 1, RingTokens = 4 }, time: time);
        var slow = Work([10], 20) with { IgnoreEndOfText = true };
        var unread = scripted.Open(slow);
        while (scripted.Engine.Counters.GeneratedTokens < 4)
            await Task.Yield();
        var waiting = scripted.Open(Work([11], 3));
        var cancelled = scripted.Open(Work([12], 3));
        Assert.Equal(1, scripted.Engine.Counters.SlotsInUse);
        time.Advance(GenerationScheduler.StallGrace + TimeSpan.FromSeconds(1));

        // Any signal makes the engine look at its clock.
        cancelled.Cancel();
        await Generated.ReadAsync(waiting);
        Assert.Equal(1, scripted.Engine.Counters.Preemptions);
        Assert.Equal(scripted.Expect(slow, 0).Ids, (await Generated.ReadAsync(unread)).Ids());
    }

    [Fact]
    public async Task Disposal_ends_streams_that_run_and_wait_after_what_they_have()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 1 });
        scripted.Stage.Close();
        var running = scripted.Open(Work([10], 50) with { IgnoreEndOfText = true });
        var waiting = scripted.Open(Work([11], 50));
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Let(1);
        await scripted.Stage.EnteredAsync();
        var stopping = scripted.Engine.DisposeAsync();
        scripted.Stage.Open();
        await stopping;
        var frame = await running.ReadAsync(0, CancellationToken.None);
        await Assert.ThrowsAsync<EngineStoppedException>(async () => await running.ReadAsync(frame.Next, CancellationToken.None));
        await Assert.ThrowsAsync<EngineStoppedException>(async () => await waiting.ReadAsync(0, CancellationToken.None));
        Assert.Throws<EngineStoppedException>(() => scripted.Engine.Open(Work([12], 1)));
    }

    [Fact]
    public async Task A_full_queue_refuses_whole_requests_and_says_when_to_come_back()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 1, QueueCapacity = 4 });
        scripted.Stage.Close();
        var running = scripted.Open(Work([10], 2));
        await scripted.Stage.EnteredAsync();
        var waiting = scripted.Open(Work([11], 2) with { ChoicesPerPrompt = 3 });
        var refused = scripted.Engine.Open(Work([12], 2) with { ChoicesPerPrompt = 2 });
        Assert.Equal(GenerationStatus.QueueFull, refused.Status);
        Assert.Contains("3 of 4", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.RetryAfterMs, 1, 60_000);
        Assert.Equal((1, 3, 4), (scripted.Engine.Load.InFlight, scripted.Engine.Load.Queued, scripted.Engine.Load.QueueCapacity));
        waiting.Cancel();
        scripted.Stage.Open();
        await Generated.ReadAsync(running);
        await scripted.IdleAsync();
        await Generated.ReadAsync(scripted.Open(Work([12], 2) with { ChoicesPerPrompt = 4 }), 4);
    }

    [Fact]
    public async Task Callers_go_on_elsewhere_than_on_the_engines_thread()
    {
        var scripted = Start();
        int? engine = null;
        scripted.Stage.Running = _ => engine = Environment.CurrentManagedThreadId;
        scripted.Stage.Close();
        var stream = scripted.Open(Work([10], 1));
        var resumed = stream.ReadAsync(0, CancellationToken.None).AsTask().ContinueWith(
            _ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        scripted.Stage.Open();
        Assert.NotEqual(engine, await resumed);
    }

    private ScriptedEngine Start(EngineOptions? options = null, int budget = 4096, TimeProvider? time = null) =>
        _scripted = ScriptedEngine.Start(tokenizer, options, budget, time);

    private static GenerationWork Work(int[] prompt, int? maxTokens) => new()
    {
        Prompts = [new GenerationPrompt { TokenIds = prompt }],
        MaxTokens = maxTokens,
        Sampling = new SamplingSettings { Temperature = 0 },
    };
}
