using System.Buffers.Binary;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Tests.Hosting;
using Helios.Sdk.Tests.Hosting.Chat;

namespace Helios.Sdk.Tests.Checkpoints;

public class FiniteVectorsTests
{
    public static TheoryData<TensorType, byte[], int?> Numbers => new()
    {
        { TensorType.F32, Floats(1, 2, float.MaxValue, -0f), null },
        { TensorType.F32, Floats(1, 2, float.NaN, 4), 2 },
        { TensorType.F32, Floats(float.NegativeInfinity), 0 },
        { TensorType.F16, [0, 0x3C, 0xFF, 0x7B, 0, 0x7E], 2 },
        { TensorType.F16, [0, 0x3C, 0xFF, 0x7B], null },
        { TensorType.BF16, [0x80, 0x3F, 0x80, 0xFF], 1 },
        { TensorType.BF16, [0x80, 0x3F, 0x7F, 0x7F], null },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void What_is_no_number_is_reported_with_its_place(TensorType type, byte[] bytes, int? bad)
    {
        var tensor = new StoredTensor("norm.weight", 0, 0, type, 1, 100);
        var check = () => FiniteVectors.Check("model.safetensors", tensor, 10 * tensor.Type.BlockBytes(), bytes);
        if (bad is { } place) check.Should().Throw<CheckpointException>().WithMessage($"model.safetensors: 'norm.weight' holds NaN or infinity at {10 + place};*");
        else check.Should().NotThrow();
    }

    [Fact]
    public void A_matrix_is_not_looked_at()
    {
        var check = () => FiniteVectors.Check("model.safetensors", new StoredTensor("q.weight", 0, 0, TensorType.F32, 2, 2), 0, Floats(float.NaN));
        check.Should().NotThrow();
    }

    [Fact]
    public async Task A_damaged_norm_ends_the_load_and_a_damaged_matrix_the_requests()
    {
        foreach (var (tensor, message) in (IReadOnlyList<(string, string)>)[("model.norm.weight", "*'model.norm.weight' holds NaN or infinity at 0*"), ("model.layers.1.mlp.down_proj.weight", "The logits of 'damaged' are not finite after layer *")])
        {
            using var folder = ChatFolders.Create(template: null);
            Damage(Path.Combine(folder.Path, "model.safetensors"), tensor);
            await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "damaged").ServeFixed());
            engine.MayFail = true;
            var ask = () => engine.AskAsync(EventLog.Request(0));
            await ask.Should().ThrowAsync<HeliosException>().WithMessage(message);
            if (tensor == "model.norm.weight") continue;
            (await ask.Should().ThrowAsync<NonFiniteLogitsException>("the engine lives")).Which.Model.Should().Be("damaged");
            engine.MustBeIdle();
        }
    }

    /// <summary>Makes every number of a tensor NaN, whatever it is stored as.</summary>
    private static void Damage(string path, string tensor)
    {
        using var set = SafetensorsSet.Open(Path.GetDirectoryName(path)!);
        var file = set.Files[0];
        var entry = file.Entries[tensor];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Position = file.DataStart + entry.Begin;
        stream.Write(Enumerable.Repeat((byte)0xFF, (int)(entry.End - entry.Begin)).ToArray());
    }

    private static byte[] Floats(params float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }
}
