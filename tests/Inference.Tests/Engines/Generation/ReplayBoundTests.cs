using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>How long the generated part of a text that moved is computed again one by one, and what it costs the texts beside it.</summary>
public sealed class ReplayBoundTests(ScriptedTokenizer tokenizer)
{
    private const int Moved = 100;
    private readonly FakeTimeProvider _time = new();

    /// <summary>Steps may become slower than they were when it began: then the bound holds all the same.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(15, false)]
    [InlineData(30, true)]
    [InlineData(60, true)]
    public async Task A_replay_keeps_within_its_bound_or_goes_on_at_once(int stepMs, bool inexact)
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { MaxSequences = 2, PrefixCache = false }, time: _time, roles: true);
        var work = Work(Moved + 10);
        scripted.Stage.Running = _ => _time.Advance(TimeSpan.FromMilliseconds(1));
        var whole = await Generated.ReadAsync(scripted.Open(work));
        Assert.False(whole.Inexact);

        var started = _time.GetTimestamp();
        TimeSpan? first = null;
        scripted.Stage.Running = rows =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(stepMs));
            if (rows[0].WantsLogits)
                first ??= _time.GetElapsedTime(started);
        };
        var rest = await Generated.ReadAsync(scripted.Open(Resumed(scripted, work, whole)), 1, _ => Moved);

        Assert.Equal(inexact, rest.Inexact);
        Assert.Equal(10, rest.Ids().Length);
        if (!inexact)
            Assert.Equal(whole.Ids()[Moved..], rest.Ids());
        Assert.InRange(first!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    /// <summary>A text that moved stands still until its replay is over: others wait for some of its steps between two tokens of their own.</summary>
    [Fact]
    public async Task Replays_take_steps_of_their_own_between_those_of_all()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { MaxSequences = 2, PrefixCache = false, RingTokens = 512 }, time: _time, roles: true);
        scripted.Stage.Running = _ => _time.Advance(TimeSpan.FromMilliseconds(5));
        var work = Work(Moved + 1);
        var whole = await Generated.ReadAsync(scripted.Open(work));

        scripted.Stage.Close();
        var beside = Generated.ReadAsync(scripted.Open(Work(300)));
        await scripted.Stage.EnteredAsync();
        var moved = Generated.ReadAsync(scripted.Open(Resumed(scripted, work, whole)), 1, _ => Moved);
        var runs = new List<DecoderRow[]>();
        scripted.Stage.Running = rows =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(5));
            runs.Add(rows);
        };
        scripted.Stage.Open();
        Assert.Equal(whole.Ids()[Moved..], (await moved).Ids());
        await beside;

        var replay = runs.Where(rows => rows.Any(row => row is { Count: 1, WantsLogits: false })).ToArray();
        Assert.Equal(Moved - 1, replay.Length);
        Assert.InRange(replay.Count(rows => rows.Length == 2), Moved / 20, Moved / 12);
    }

    /// <summary>One that need not be exact is computed in pieces, and not by the share that prompts have beside running texts.</summary>
    [Fact]
    public async Task A_text_that_moved_does_not_wait_as_a_new_prompt_does()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { MaxSequences = 2, PrefixCache = false, RingTokens = 512 }, time: _time, roles: true);
        scripted.Stage.Running = rows => _time.Advance(TimeSpan.FromMilliseconds(5 + rows.Sum(row => row.Count > 1 ? row.Count : 0)));
        var work = Work(Moved + 1) with { Reproducible = false };
        var whole = await Generated.ReadAsync(scripted.Open(work));

        scripted.Stage.Close();
        var beside = Generated.ReadAsync(scripted.Open(Work(300)));
        await scripted.Stage.EnteredAsync();
        var moved = Generated.ReadAsync(scripted.Open(Resumed(scripted, work, whole)), 1, _ => Moved);
        scripted.Stage.Reset();
        scripted.Stage.Open();
        await moved;
        await beside;

        // A share would be a dozen tokens a step.
        Assert.InRange(scripted.Stage.History.Count(rows => rows.Any(ids => ids.Length > 1)), 1, 2);
    }

    /// <summary>The next step's own token is no replay, also after a prompt of one token.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task One_generated_token_is_never_computed_again(int prompt)
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { MaxSequences = 2, PrefixCache = false, ExactReplay = TimeSpan.Zero }, time: _time, roles: true);
        var work = Work(5) with { Prompts = [new GenerationPrompt { TokenIds = [.. Enumerable.Range(20, prompt)] }] };
        var whole = await Generated.ReadAsync(scripted.Open(work));
        var rest = await Generated.ReadAsync(scripted.Open(work with { Resume = [new ChoiceState(0, whole.Ids()[..1])], Arithmetic = scripted.Engine.Arithmetic }), 1, _ => 1);
        Assert.False(rest.Inexact);
        Assert.Equal(whole.Ids()[1..], rest.Ids());
    }

    private static GenerationWork Work(int tokens) => new()
    {
        Prompts = [new GenerationPrompt { TokenIds = [20, 21, 22] }],
        MaxTokens = tokens,
        Sampling = new SamplingSettings { Temperature = 0 },
        IgnoreEndOfText = true,
        Reproducible = true,
    };

    private static GenerationWork Resumed(ScriptedEngine scripted, GenerationWork work, Generated whole) =>
        work with { Resume = [new ChoiceState(0, whole.Ids()[..Moved])], Arithmetic = scripted.Engine.Arithmetic };
}
