using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Scheduling;
using Meridian.Inference.Tests.Decoders;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>What is found out of a graph at load.</summary>
public sealed class ArithmeticCheckTests
{
    /// <summary>When a machine gives other bits.</summary>
    private enum Skew
    {
        Never,
        LoneRows,
        Company,
        Pieces,
        PromptsTogether,
    }

    [Theory]
    [InlineData((int)Skew.Never, true, false)]
    [InlineData((int)Skew.LoneRows, true, true)]
    [InlineData((int)Skew.Company, false, false)]
    [InlineData((int)Skew.Pieces, false, false)]
    [InlineData((int)Skew.PromptsTogether, false, false)]
    public void A_machine_that_differs_for_lone_rows_alone_gets_a_second_row_and_others_are_not_exact(int skew, bool exact, bool paired)
    {
        using var stage = new SkewedStage((Skew)skew);
        Assert.Equal(exact, ArithmeticCheck.Run(stage, new EngineOptions { MaxSequences = 8 }, budget: 4096, promptTokenMs: 0.1, CancellationToken.None));
        Assert.Equal(paired, stage.PairsLoneRows);
        Assert.All(Enumerable.Range(0, stage.Slots), slot => Assert.Equal(0, stage.Length(slot)));
    }

    [Fact]
    public void It_stays_cheap_on_a_slow_machine()
    {
        using var fast = new SkewedStage(Skew.Never);
        using var slow = new SkewedStage(Skew.Never);
        Assert.True(ArithmeticCheck.Run(fast, new EngineOptions(), budget: 4096, promptTokenMs: 0.1, CancellationToken.None));
        Assert.True(ArithmeticCheck.Run(slow, new EngineOptions(), budget: 4096, promptTokenMs: 50, CancellationToken.None));
        Assert.InRange(fast.Tokens, 200, 400);
        Assert.InRange(slow.Tokens, 20, 60);
    }

    /// <summary>A second row beside a lone one changes nothing here, wherever the sequence stands and whatever its neighbours hold.</summary>
    [Fact]
    public async Task A_paired_row_says_what_it_says_alone()
    {
        var package = await TestModels.PackageAsync(TestModels.Folder(TestModels.BuiltIn));
        using var alone = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 3 });
        using var paired = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 3 });
        paired.PairsLoneRows = true;
        var random = new Random(3);
        var context = alone.Shape.ContextLength;
        int[] ids = [.. Enumerable.Range(0, context).Select(_ => random.Next(3, 500))];

        // Two slots are full to the last position, so that the third has no neighbour to step with but the spare row.
        foreach (var slot in (int[])[0, 2])
            Both(new DecoderRow(slot, 0, 0, context, true));
        Both(new DecoderRow(1, 0, 0, 1, true));
        for (var at = 1; at < 40; at++)
            Both(new DecoderRow(1, at, at, 1, true));
        alone.Release(0);
        paired.Release(0);
        for (var at = 40; at < 60; at++)
            Both(new DecoderRow(1, at, at, 1, true));
        Both(new DecoderRow(0, 0, 0, 7, true), new DecoderRow(1, 60, 60, 1, true));
        alone.Truncate(2, context - 1);
        paired.Truncate(2, context - 1);
        Both(new DecoderRow(2, context - 1, context - 1, 1, true));
        Both(new DecoderRow(0, 7, 7, 1, true), new DecoderRow(1, 61, 61, 1, true));

        void Both(params DecoderRow[] rows)
        {
            var (one, other) = (new float[rows.Length * alone.Shape.Vocabulary], new float[rows.Length * alone.Shape.Vocabulary]);
            alone.Forward(rows, ids, one);
            paired.Forward(rows, ids, other);
            Assert.True(one.AsSpan().SequenceEqual(other), $"{string.Join(", ", rows)} differ where lone rows are paired");
        }
    }

    private sealed class SkewedStage(Skew skew) : IDecoderStage
    {
        private readonly ScriptedStage _stage = new(8, roles: true);

        public long Tokens => _stage.TokensRun;

        public DecoderShape Shape => _stage.Shape;

        public int Slots => _stage.Slots;

        public bool PairsLoneRows { get; set; }

        public void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits)
        {
            _stage.Forward(rows, ids, logits);
            var differs = skew switch
            {
                Skew.LoneRows => rows.Length == 1 && rows[0].Count == 1 && !PairsLoneRows,
                Skew.Company => rows.Length > 1 && rows[0].Count == 1,
                Skew.Pieces => rows[0].Start > 0 && rows[0].Count > 1,
                Skew.PromptsTogether => rows.Length > 1 && rows[0].Count > 1,
                _ => false,
            };
            if (differs && logits.Length > 0)
                logits[0] = MathF.BitIncrement(logits[0]);
        }

        public int Length(int slot) => _stage.Length(slot);

        public void Truncate(int slot, int length) => _stage.Truncate(slot, length);

        public void Copy(int source, int target, int length) => _stage.Copy(source, target, length);

        public void Release(int slot) => _stage.Release(slot);

        public void Dispose() => _stage.Dispose();
    }
}
