using Meridian.Inference.Decoders;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Tokenization;

namespace Meridian.ModelTools.Corpora;

/// <summary>A decoder in a Hugging Face folder, opened to write and to judge texts.</summary>
internal sealed class TeacherModel : IDisposable
{
    private TeacherModel(string folder, ModelPackage package, OnnxDecoderStage stage) =>
        (Folder, Package, Stage, Tokenizer) = (folder, package, stage, GenerationTokenizer.Load(package));

    public string Folder { get; }

    public ModelPackage Package { get; }

    public OnnxDecoderStage Stage { get; }

    public GenerationTokenizer Tokenizer { get; }

    /// <value>Ids that end a text.</value>
    public int[] EndIds => Stage.Config.EndsWith(Tokenizer.EndId);

    /// <value>Bytes of the files that belong to the model.</value>
    public long Bytes => Package.Manifest.Files.Sum(static file => file.Size);

    /// <exception cref="ModelPackageException">The folder holds no decoder that an engine can run.</exception>
    public static TeacherModel Open(string folder, int sideBySide, int threads)
    {
        var package = new HuggingFaceSource("model", folder).Check();
        var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = sideBySide, IntraOpThreads = threads });
        try
        {
            return new TeacherModel(folder, package, stage);
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }

    /// <summary>The beginnings of texts: a file's lines, or the token that begins every text.</summary>
    /// <exception cref="ModelPackageException">The model has no such token, or the file has no line.</exception>
    public IReadOnlyList<int[]> Prompts(string? file)
    {
        if (file is null)
        {
            return Stage.Config.BeginId is { } begin
                ? [[begin]]
                : throw new ModelPackageException(Folder, $"'{Folder}' has no token that begins a text (bos_token_id). Give beginnings with --prompts FILE, a line each.");
        }

        int[][] prompts = [.. File.ReadLines(file).Where(static line => line.Length > 0).Select(line => Ids(line)).Where(static ids => ids.Length > 0)];
        return prompts.Length > 0 ? prompts : throw new ModelPackageException(file, $"'{file}' has no line with text; each line is the beginning of a text.");
    }

    /// <summary>Ids of a text, with what the model's tokenizer puts in front.</summary>
    public int[] Ids(string text, int most = int.MaxValue) => Array.ConvertAll(Tokenizer.Encode(text, most, addSpecialTokens: true).Ids, static id => (int)id);

    public string Text(IReadOnlyList<int> ids) => Tokenizer.Decode([.. ids]);

    public void Dispose()
    {
        Tokenizer.Dispose();
        Stage.Dispose();
    }
}
