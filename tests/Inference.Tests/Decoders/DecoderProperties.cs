using CsCheck;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>What holds of a stage whatever its layout: batches, chunks, copies and truncations change nothing.</summary>
internal static class DecoderProperties
{
    private const int Slots = 6;

    public static void One_token_at_a_time(ModelPackage package, PlainModel plain)
    {
        using var stage = Load(package);
        var check = new CheckedStage(stage, plain);
        foreach (var id in Ids(stage, 1, 40))
            check.Forward((2, [id], true));
    }

    public static void A_prompt_in_chunks(ModelPackage package, PlainModel plain)
    {
        using var stage = Load(package);
        var check = new CheckedStage(stage, plain);
        foreach (var sizes in new[] { new[] { 50 }, [1, 49], [17, 16, 1, 16], [49, 1], [25, 25] })
        {
            var ids = Ids(stage, 7, 50);
            var at = 0;
            foreach (var size in sizes)
            {
                check.Forward((0, ids[at..(at + size)], true));
                at += size;
            }

            check.Forward((0, [5], true));
            check.Release(0);
        }
    }

    public static void Rows_of_every_kind_in_one_call(ModelPackage package, PlainModel plain, float tolerance = 1e-4f)
    {
        using var stage = Load(package);
        var check = new CheckedStage(stage, plain, tolerance);
        check.Forward((0, Ids(stage, 1, 9), true), (1, Ids(stage, 2, 30), false), (2, Ids(stage, 3, 8), true), (3, Ids(stage, 4, 1), true));
        for (var step = 0; step < 3; step++)
            check.Forward((2, [7], true), (0, [9], true), (3, [11 + step], true));
        check.Forward((5, Ids(stage, 5, 12), true), (1, Ids(stage, 6, 5), true), (0, [3], true), (4, Ids(stage, 8, 11), true), (3, [4], false));
        check.Forward((0, [3], true), (1, [3], true), (2, [3], true), (3, [3], true), (4, [3], true), (5, [3], true));
        check.Release(4);
        check.Forward((0, [8], true), (5, [8], true), (1, [8], true));
        check.Forward((0, [8], true), (5, [8], true), (1, [8], true), (4, [8], true));
    }

    public static void Copies_and_truncations_go_on_as_if_computed(ModelPackage package, PlainModel plain)
    {
        using var stage = Load(package);
        var check = new CheckedStage(stage, plain);
        check.Forward((0, Ids(stage, 1, 20), true), (1, Ids(stage, 2, 13), true));
        check.Forward((0, [5], true), (1, [6], true));
        check.Copy(0, 3, 21);
        check.Copy(0, 4, 10);
        check.Copy(1, 0, 3);
        check.Forward((0, [9], true), (1, [9], true), (3, [9], true), (4, Ids(stage, 3, 6), true));
        check.Truncate(3, 7);
        check.Truncate(1, 1);
        check.Truncate(4, 4);
        check.Truncate(4, 4);
        check.Forward((0, [2], true), (1, [2], true), (3, [2], true), (4, Ids(stage, 4, 3), true));
        check.Truncate(0, 0);
        check.Copy(1, 1, 1);
        check.Copy(3, 2, 0);
        check.Forward((0, [2, 3], true), (1, [2], true), (2, [4], true));
    }

    public static void A_slot_can_be_filled_to_the_end_of_the_context(ModelPackage package, PlainModel plain)
    {
        using var stage = Load(package);
        var check = new CheckedStage(stage, plain);
        var context = stage.Shape.ContextLength;
        check.Forward((1, Ids(stage, 1, context - 2), true), (2, Ids(stage, 2, 4), true));
        check.Forward((1, [5], true), (2, [5], true));
        check.Forward((1, [6], true), (2, [6], true));
        Assert.Throws<ArgumentException>(() => stage.Forward([new DecoderRow(1, context, 0, 1, false)], [5], []));
        check.Forward((2, [7], true));
        check.Copy(1, 0, context);
        check.Truncate(0, context - 1);
        check.Forward((0, [7], true), (2, [7], true));
    }

    public static void Any_schedule(ModelPackage package, PlainModel plain, int samples, long freePadding = 64L << 20)
    {
        // A number a decision: which slots, what is done with them and how long it is follow from it.
        Gen.Select(Gen.Int[1, 1 << 20].List[1, 24], Gen.Int[0, 3]).Sample(
            (moves, chattiness) =>
            {
                using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = Slots, FreePadding = freePadding });
                var check = new CheckedStage(stage, plain);
                foreach (var move in moves)
                    Move(stage, check, new Random(move), chattiness);
            },
            iter: samples,
            threads: 1);
    }

    private static void Move(OnnxDecoderStage stage, CheckedStage check, Random random, int chattiness)
    {
        var slot = random.Next(Slots);
        switch (random.Next(6 + chattiness))
        {
            case 0:
                check.Release(slot);
                break;
            case 1:
                check.Truncate(slot, random.Next(check.Held(slot).Count + 1));
                break;
            case 2:
                check.Copy(slot, random.Next(Slots), random.Next(check.Held(slot).Count + 1));
                break;
            default:
                var rows = new List<(int, int[], bool)>();
                var slots = Enumerable.Range(0, Slots).ToArray();
                random.Shuffle(slots);
                foreach (var one in slots.Take(random.Next(1, Slots + 1)))
                {
                    var most = Math.Min(check.Room(one), random.Next(4) == 0 || check.Held(one).Count == 0 ? 24 : 1);
                    if (most > 0)
                        rows.Add((one, Ids(stage, random.Next(), random.Next(1, most + 1)), random.Next(5) > 0));
                }

                if (rows.Count > 0)
                    check.Forward([.. rows]);
                break;
        }
    }

    public static int[] Ids(IDecoderStage stage, int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(stage.Shape.Vocabulary))];
    }

    private static OnnxDecoderStage Load(ModelPackage package) => OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = Slots });
}
