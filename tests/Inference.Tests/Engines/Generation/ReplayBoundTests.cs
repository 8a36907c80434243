using Meridian.Inference.Decoders;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
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
    [InlineData(200, true)]
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

    /// <summary>A text that moved stands still until its replay is over: others wait for a few of its steps between two tokens of their own.</summary>
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
        Assert.InRange(replay.Count(rows => rows.Length == 2), Moved / 6, Moved / 4);
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
