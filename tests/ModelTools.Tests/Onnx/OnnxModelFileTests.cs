using System.Text;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.Onnx;
using Meridian.Onnx.Writing;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.ModelTools.Tests.Onnx;

public sealed class OnnxModelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(OnnxModelFile.InlineLimit, false)]
    [InlineData(0, true)]
    public void A_graph_runs_with_its_tensors_inside_or_beside_it(long limit, bool external)
    {
        var path = Path.Combine(_folder.Path, "sum.onnx");
        var weights = Enumerable.Range(0, 3000).Select(i => (float)i).ToArray();
        var graph = new OnnxGraphBuilder("sum");
        var input = graph.Input("x", OnnxType.Float, "n", 3000);
        var first = graph.Initializer(OnnxInitializer.Of("first", OnnxType.Float, [3000], [weights.AsMemory(0, 1000), weights.AsMemory(1000)]));
        var second = graph.Initializer(OnnxInitializer.Of("second", OnnxType.Float, [3000], [weights]));
        var sum = graph.Node("Add", "sum", [graph.Node("Add", "add", [input, first]), second], ["y"])[0];
        graph.Output(sum, OnnxType.Float, "n", 3000);
        var reports = new List<(long, long)>();

        OnnxModelFile.Write(path, graph, limit, (done, all) => reports.Add((done, all)), TestContext.Current.CancellationToken);

        Assert.Equal([(12_000, 24_000), (24_000, 24_000)], reports);
        Assert.Equal(external, File.Exists(path + OnnxModelFile.ExternalSuffix));
        if (external)
        {
            Assert.True(new FileInfo(path).Length < 2000);
            Assert.All(OnnxWeights.Open(path).Graph.Tensors.Values, tensor => Assert.Equal(0, tensor.Offset % 4096));
        }

        using var session = new InferenceSession(path);
        using var run = new RunOptions();
        using var x = OrtValue.CreateTensorValueFromMemory(new float[3000], [1, 3000]);
        using var results = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = x }, ["y"]);
        Assert.Equal(weights.Select(w => 2 * w), results[0].GetTensorDataAsSpan<float>().ToArray());
    }

    [Fact]
    public void Tensors_are_read_back_in_every_precision()
    {
        var path = Path.Combine(_folder.Path, "x.onnx");
        var values = new[] { 0f, 1, -2.5f, 65504, 1e-7f, 3.1415926f };
        var graph = new OnnxGraphBuilder("x");
        var half = graph.Initializer(OnnxInitializer.Of("half", OnnxType.Float16, [2, 3], [values]));
        var whole = graph.Initializer(OnnxInitializer.Of("whole", OnnxType.Float, [2, 3], [values]));
        graph.Output(graph.Node("Add", "add", [whole, graph.Node("Cast", "cast", [half], OnnxAttribute.Of("to", (long)OnnxType.Float))]), OnnxType.Float, 2, 3);
        OnnxModelFile.Write(path, graph, cancellationToken: TestContext.Current.CancellationToken);

        var weights = OnnxWeights.Open(path);

        Assert.Equal(values, weights.Read(weights.Graph.Tensors["whole"]));
        Assert.Equal(values.Select(v => (float)(Half)v), weights.Read(weights.Graph.Tensors["half"]));
        Assert.Equal([2, 3], weights.Graph.Tensors["half"].Dimensions);
        Assert.Equal(["cast", "add"], weights.Graph.Nodes.Select(node => node.Name));
    }

    [Fact]
    public void A_slip_in_a_graph_is_named()
    {
        var graph = new OnnxGraphBuilder("g");
        var x = graph.Input("x", OnnxType.Float, 1);

        Assert.Contains("'nobody' is used by node 'n1'", Assert.Throws<InvalidOperationException>(() => graph.Node("Neg", "n1", [new OnnxValue("nobody")])).Message, StringComparison.Ordinal);
        graph.Node("Neg", "n2", [x], ["y"]);
        Assert.Contains("'y' (output of node 'n3') is defined twice", Assert.Throws<InvalidOperationException>(() => graph.Node("Neg", "n3", [x], ["y"])).Message, StringComparison.Ordinal);
        Assert.Contains("two nodes are named 'n2'", Assert.Throws<InvalidOperationException>(() => graph.Node("Neg", "n2", [x])).Message, StringComparison.Ordinal);
        Assert.Contains("domain 'acme'", Assert.Throws<InvalidOperationException>(() => graph.Node("acme:Neg", "n4", [x])).Message, StringComparison.Ordinal);
        Assert.Contains("has no output", Assert.Throws<InvalidOperationException>(() => Write(graph)).Message, StringComparison.Ordinal);
        graph.Output(new OnnxValue("y"), OnnxType.Float, 1);
        graph.Initializer(OnnxInitializer.Of("idle", [1], 5));
        Assert.Contains("nothing reads the initializer 'idle'", Assert.Throws<InvalidOperationException>(() => Write(graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Elements_must_be_as_many_as_the_shape_says()
    {
        var graph = new OnnxGraphBuilder("g");
        var short3 = graph.Initializer(OnnxInitializer.Of("w", OnnxType.Float, [3], [new float[2]]));
        graph.Output(graph.Node("Neg", "n", [short3]), OnnxType.Float, 3);

        Assert.Contains("takes 12 bytes, but its elements have 8", Assert.Throws<InvalidDataException>(() => Write(graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_model_is_named()
    {
        var path = Path.Combine(_folder.Path, "x.onnx");
        File.WriteAllText(path, "not a model");

        Assert.Contains("is no ONNX model", Assert.Throws<ModelPackageException>(() => OnnxWeights.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("offset", "x")]
    [InlineData("offset", "-4")]
    [InlineData("offset", "99999999999999999999")]
    [InlineData("length", "1e3")]
    [InlineData("location", "../w")]
    [InlineData("location", "a\\w")]
    public void External_data_that_is_not_well_told_is_refused(string key, string value)
    {
        var path = Path.Combine(_folder.Path, "x.onnx");
        File.WriteAllBytes(path, Tensor([3], Field(13, [.. Field(1, Encoding.UTF8.GetBytes(key)), .. Field(2, Encoding.UTF8.GetBytes(value))])));

        Assert.Contains($"'{value}'", Assert.Throws<ModelPackageException>(() => OnnxWeights.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 4294967296L, 4294967296L }, "shape [4294967296, 4294967296]")]
    [InlineData(new[] { -1L }, "shape [-1]")]
    [InlineData(new[] { 2147483647L, 2147483647L, 2147483647L }, "elements")]
    [InlineData(new[] { 3L }, "12 were expected")]
    [InlineData(new[] { 500_000_000L }, "are not in its")]
    public void Shapes_and_lengths_that_cannot_be_are_refused_when_the_tensor_is_read(long[] shape, string reason)
    {
        var path = Path.Combine(_folder.Path, "x.onnx");
        var told = new Dictionary<string, string> { ["location"] = "w", ["length"] = "2000000000" };
        File.WriteAllBytes(Path.Combine(_folder.Path, "w"), new byte[16]);
        File.WriteAllBytes(path, Tensor(
            shape, [.. told.SelectMany(pair => Field(13, [.. Field(1, Encoding.UTF8.GetBytes(pair.Key)), .. Field(2, Encoding.UTF8.GetBytes(pair.Value))]))]));
        var weights = OnnxWeights.Open(path);

        Assert.Contains(reason, Assert.Throws<ModelPackageException>(() => weights.Read(weights.Graph.Tensors["w"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_longer_than_any_file_is_refused()
    {
        var path = Path.Combine(_folder.Path, "x.onnx");
        File.WriteAllBytes(path, [(7 << 3) | 2, .. Varint(long.MaxValue)]);

        Assert.Contains("is no ONNX model", Assert.Throws<ModelPackageException>(() => OnnxWeights.Open(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A model of one float32 tensor <c>w</c>.</summary>
    private static byte[] Tensor(long[] shape, byte[] rest) => Field(
        7, Field(5, [.. shape.SelectMany(dimension => (byte[])[1 << 3, .. Varint(dimension)]), 2 << 3, (byte)OnnxType.Float, .. Field(8, "w"u8.ToArray()), .. rest]));

    private static byte[] Field(int number, byte[] content) => [(byte)((number << 3) | 2), .. Varint(content.Length), .. content];

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        var left = (ulong)value;
        for (; left > 0x7F; left >>= 7)
            bytes.Add((byte)(left | 0x80));
        bytes.Add((byte)left);
        return [.. bytes];
    }

    private void Write(OnnxGraphBuilder graph) => OnnxModelFile.Write(Path.Combine(_folder.Path, "g.onnx"), graph);
}
