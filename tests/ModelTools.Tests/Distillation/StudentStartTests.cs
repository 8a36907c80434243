using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.Onnx;
using Meridian.Onnx.Writing;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Distillation;

public sealed class StudentStartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, 64, 160)]
    [InlineData(2, 128, 160)]
    [InlineData(2, 64, 200)]
    [InlineData(3, 192, 300)]
    public void A_student_with_all_layers_computes_what_its_teacher_computes_however_wide_it_is(int layers, int hidden, int intermediate)
    {
        var teacher = MadeModels.Get(KvLayout.Concatenated);
        var config = MadeModels.Config with { Layers = layers, Hidden = hidden, HeadDimension = hidden / MadeModels.Config.Heads, Intermediate = intermediate };
        Assert.Null(StudentStart.Unfit(config, MadeModels.Config));

        var weights = StudentStart.Of(config, LlamaWeights.Read(teacher), MadeModels.Config, 5);

        Directory.CreateDirectory(Path.Combine(_folder.Path, "onnx"));
        OnnxModelFile.Write(Path.Combine(_folder.Path, "onnx", "model.onnx"), LlamaGraph.Build(config, weights, KvLayout.Concatenated, OnnxType.Float));
        using var student = new RawDecoder(_folder.Path, KvLayout.Concatenated);
        using var original = new RawDecoder(teacher, KvLayout.Concatenated);
        int[] ids = [1, 40, 77, 383, 5, 5, 120, 300, 2, 19];
        var (expected, actual) = (original.Append(ids), student.Append(ids));

        // Not to the last bit: what a norm adds below its root weighs more where the mean square is smaller.
        for (var i = 0; i < ids.Length; i++)
            Assert.Equal(expected[i], actual[i], (a, b) => Math.Abs(a - b) < 5e-3f);
    }

    [Fact]
    public void A_student_with_fewer_layers_has_the_first_and_the_last_of_them()
    {
        var teacher = LlamaConfig.Read(MadeModels.Get(KvLayout.Shared)) with { Layers = 5 };
        var weights = RandomWeights.Make(teacher, 3);

        var start = StudentStart.Of(teacher with { Layers = 3 }, weights, teacher, 1);

        Assert.Equal([0, 2, 4], start.Layers.Select(layer => weights.Layers.ToList().FindIndex(old => old.Gate.Span.SequenceEqual(layer.Gate.Span))));
    }

    [Fact]
    public void Every_reason_against_the_teachers_weights_is_named()
    {
        var teacher = MadeModels.Config;

        Assert.Contains("weights of its own", StudentStart.Unfit(teacher, teacher with { TieEmbeddings = false }), StringComparison.Ordinal);
        Assert.Contains("4 heads on 2", StudentStart.Unfit(teacher with { KvHeads = 4 }, teacher), StringComparison.Ordinal);
        Assert.Contains("no multiple of the teacher's 16", StudentStart.Unfit(teacher with { Hidden = 96, HeadDimension = 24 }, teacher), StringComparison.Ordinal);
        Assert.Contains("intermediate 100 is below", StudentStart.Unfit(teacher with { Intermediate = 100 }, teacher), StringComparison.Ordinal);
        Assert.Contains("positions", StudentStart.Unfit(teacher with { RopeTheta = 1 }, teacher), StringComparison.Ordinal);
    }
}
