using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>Checkpoints of quantised types, as GGUF files hold them, are the models of their numbers.</summary>
public abstract class BlockContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private static readonly int[] Tokens = Checkpoints.Text;

    public static TheoryData<TensorType> Types { get; } = [.. Enum.GetValues<TensorType>().Where(type => type.IsQuantised())];

    [SkippableTheory]
    [MemberData(nameof(Types))]
    public void In_fp32_it_is_the_model_of_its_numbers(TensorType type)
    {
        using var checkpoint = new BlockCheckpoint(type);
        LogProbabilities(checkpoint, Precision.Fp32).Should().Equal(LogProbabilities(checkpoint.Plain(), Precision.Fp32));
    }

    [SkippableTheory]
    [MemberData(nameof(Types))]
    public void As_stored_it_is_near_the_model_of_its_numbers(TensorType type)
    {
        using var checkpoint = new BlockCheckpoint(type);
        var (found, expected) = (LogProbabilities(checkpoint, Precision.Auto), LogProbabilities(checkpoint.Plain(), Precision.Fp32));
        expected.Max().Should().BeGreaterThan(expected.Min() + 0.5, "the model tells tokens apart");
        for (var row = 0; row < found.Length; row++) found[row].Should().BeApproximately(expected[row], 2e-3);
        using var backend = Backend.Create();
        backend.Loader.HeldAs(type, Precision.Auto).Should().NotBeNullOrEmpty();
    }

    private static double[] LogProbabilities(BlockCheckpoint checkpoint, Precision precision)
    {
        using var session = new Session(Backend, checkpoint, precision: precision);
        return [.. session.Run(session.Table(64), Tokens, 0).Select(signal => (double)signal.TargetLogProbability)];
    }
}
