using System.Text;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Llama;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Meridian.Training;

/// <summary>A student that learns by AdamW (Loshchilov and Hutter, arXiv:1711.05101).</summary>
internal sealed class TorchTrainer : IStudentTrainer
{
    private const string WeightsFile = "weights.bin";
    private const string OptimizerFile = "optimizer.bin";

    // What the teacher gives to none of the kept tokens, or the student, is at least this: a logarithm of nothing is no number.
    private const double LeastRest = 1e-6;

    private readonly TorchLlama _model;
    private readonly AdamW _optimizer;
    private readonly DistillOptions _options;

    public TorchTrainer(LlamaConfig config, LlamaWeights start, DistillOptions options)
    {
        set_num_threads(options.Threads);
        _options = options;
        _model = new TorchLlama(config, start);
        var matrices = _model.Parameters.Where(static p => p.Value.dim() > 1).Select(static p => p.Value);
        var norms = _model.Parameters.Where(static p => p.Value.dim() == 1).Select(static p => p.Value);
        _optimizer = new AdamW(
            [
                new AdamW.ParamGroup(matrices, new AdamW.Options { weight_decay = options.WeightDecay }),
                new AdamW.ParamGroup(norms, new AdamW.Options { weight_decay = 0 }),
            ],
            options.LearningRate,
            beta1: 0.9,
            beta2: 0.99);
    }

    /// <inheritdoc />
    public StepLoss Step(TrainingBatch batch, double learningRate)
    {
        using var scope = NewDisposeScope();
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = learningRate;
        _optimizer.zero_grad();
        var positions = batch.Positions;
        var logits = _model.Forward(tensor(batch.Inputs, [batch.Rows, batch.Length]), tensor(batch.Kept));
        var logProbabilities = nn.functional.log_softmax(logits, 1);
        var divergence = Divergence(
            logProbabilities.gather(1, tensor(batch.TopIds, [positions, batch.Top])), tensor(batch.TopLogProbabilities, [positions, batch.Top]));
        var drawn = tensor(batch.Drawn);
        var count = Math.Max(1, batch.Drawn.Sum());
        var crossEntropy = -(logProbabilities.gather(1, tensor(batch.Targets).unsqueeze(1)).squeeze(1) * drawn).sum() / count;
        var loss = (divergence * (1 - _options.Hard)) + (crossEntropy * _options.Hard);
        loss.backward();
        var norm = nn.utils.clip_grad_norm_(_model.Parameters.Select(static p => p.Value), _options.Clip);
        _optimizer.step();
        return new StepLoss(divergence.item<float>(), crossEntropy.item<float>(), norm);
    }

    /// <inheritdoc />
    public void Save(string directory)
    {
        using (var writer = new BinaryWriter(File.Create(Path.Combine(directory, WeightsFile)), Encoding.UTF8))
        {
            foreach (var (_, parameter) in _model.Parameters)
                parameter.Save(writer);
        }

        using (var writer = new BinaryWriter(File.Create(Path.Combine(directory, OptimizerFile)), Encoding.UTF8))
            _optimizer.save_state_dict(writer);
    }

    /// <inheritdoc />
    public void Load(string directory)
    {
        using (var scope = no_grad())
        using (var reader = new BinaryReader(File.OpenRead(Path.Combine(directory, WeightsFile)), Encoding.UTF8))
        {
            foreach (var (_, parameter) in _model.Parameters)
                parameter.Load(reader);
        }

        using (var reader = new BinaryReader(File.OpenRead(Path.Combine(directory, OptimizerFile)), Encoding.UTF8))
            _optimizer.load_state_dict(reader);
    }

    /// <inheritdoc />
    public LlamaWeights Weights() => _model.Weights();

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
    }

    /// <summary>
    /// Kullback-Leibler divergence, nats a position. The kept tokens count one by one, all others together: the teacher's probability of those is what the kept ones leave.
    /// </summary>
    /// <param name="student">[positions, top]: the student's log probabilities of the kept tokens.</param>
    /// <param name="teacher">[positions, top]: the teacher's.</param>
    private static Tensor Divergence(Tensor student, Tensor teacher)
    {
        var probabilities = teacher.exp();
        var kept = (probabilities * (teacher - student)).sum(1);
        var rest = (1 - probabilities.sum(1)).clamp(LeastRest, 1);
        var studentRest = (1 - student.exp().sum(1)).clamp(LeastRest, 1);
        return (kept + (rest * (rest.log() - studentRest.log()))).mean();
    }
}
