using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>Version 2 of <c>helios.json</c>: maps, networks, and tensors that nothing uses yet.</summary>
public sealed class SidecarTransformTests
{
    private const string Map = """{"layers":1,"map":{"weight":"map.weight","bias":"map.bias"}}""";
    private const string Network = """{"layers":2,"norm":"exit.norm","head":"exit.head","mlp":{"norm":"mlp.norm","gate":"mlp.gate","up":"mlp.up","down":"mlp.down"}}""";

    [Fact]
    public void An_exit_may_have_a_map_or_a_network()
    {
        var writer = Writer($"{Map},{Network}");
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var stack = checkpoint.Info.Architecture.Stack;
        stack[0].ExitTransform.Should().Be(new ExitMap(HasBias: true));
        stack[1].ExitTransform.Should().Be(new ExitFeedForward(stack[2].FeedForward with { Size = 20 }, stack[2].Norm));
        stack[2].ExitTransform.Should().BeNull();
        checkpoint.Info.Exits.Should().Equal(new ModelExit(1), new ModelExit(2, OwnNorm: true, OwnHead: true), new ModelExit(3));
        foreach (var (key, name) in new[]
        {
            (new TensorKey(TensorRole.ExitMap, 0), "map.weight"), (new TensorKey(TensorRole.ExitMap, 0, Part: TensorPart.Bias), "map.bias"),
            (new TensorKey(TensorRole.ExitFeedForwardNorm, 1), "mlp.norm"), (new TensorKey(TensorRole.ExitGate, 1), "mlp.gate"),
            (new TensorKey(TensorRole.ExitUp, 1), "mlp.up"), (new TensorKey(TensorRole.ExitDown, 1), "mlp.down"), (new TensorKey(TensorRole.ExitNorm, 1), "exit.norm"),
        })
        {
            checkpoint.TryGetTensor(key, out var tensor).Should().BeTrue("{0}", key);
            var bytes = new byte[tensor.Bytes];
            checkpoint.Read(tensor, 0, bytes);
            bytes.Should().Equal(writer.Tensors.Single(raw => raw.Name == name).Bytes);
        }
    }

    [Fact]
    public void Version_1_means_the_same_in_version_2()
    {
        var (one, two) = (Opening.Info(new CheckpointWriter { Sidecar = """{"version":1,"exits":[{"layers":2}]}""" }), Opening.Info(new CheckpointWriter { Sidecar = """{"version":2,"exits":[{"layers":2}]}""" }));
        two.Exits.Should().Equal(one.Exits);
        two.Architecture.Should().Be(one.Architecture);
    }

    [Fact]
    public void Screen_and_fill_are_checked_and_left_alone()
    {
        const string Exit = """{"layers":1,"screen":{"down":"screen.down","up":{"weight":"screen.up","bias":"screen.bias"}},"fill":[{"weight":"map.weight","bias":"map.bias"}]}""";
        var writer = Writer(Exit);
        Opening.Info(writer).Architecture.Should().Be(Opening.Info(new CheckpointWriter()).Architecture);
        Opening.MustBeRefused(Writer(Exit.Replace("screen.bias", "map.bias", StringComparison.Ordinal)), "'map.bias'", "[16]", "[32]");
        Opening.MustBeRefused(Writer(Exit.Replace("\"screen.down\"", "\"screen.up\"", StringComparison.Ordinal)), "'screen.up'", "[32, 5]");
        Opening.MustBeRefused(Writer(Exit.Replace("\"map.weight\"", "\"mlp.up\"", StringComparison.Ordinal)), "'mlp.up'", "[16, 16]");
        Opening.MustBeRefused(Writer(Exit.Replace("\"screen.up\"", "\"nothing\"", StringComparison.Ordinal)), "exits[0].screen.up.weight", "'nothing'");
        Opening.MustBeRefused(Writer("""{"layers":2,"fill":["map.weight"]}"""), "exits[0].fill", "a list of 1", "a list of 0");
    }

    [Theory]
    [InlineData("""{"layers":1,"map":7}""", "exits[0].map")]
    [InlineData("""{"layers":1,"map":{}}""", "exits[0].map.weight")]
    [InlineData("""{"layers":1,"map":{"weight":"map.weight","scale":"x"}}""", "exits[0].map.scale")]
    [InlineData("""{"layers":1,"map":"nothing"}""", "exits[0].map", "'nothing'")]
    [InlineData("""{"layers":1,"map":"mlp.up"}""", "'mlp.up'", "[20, 16]", "[16, 16]")]
    [InlineData("""{"layers":1,"map":{"weight":"map.weight","bias":"screen.bias"}}""", "'screen.bias'", "[32]", "[16]")]
    [InlineData("""{"layers":3,"map":"map.weight"}""", "exits[0]")]
    [InlineData("""{"layers":1,"map":"map.weight","mlp":{"norm":"mlp.norm","up":"mlp.up","down":"mlp.down"}}""", "exits[0].mlp", "map")]
    [InlineData("""{"layers":1,"mlp":"mlp.up"}""", "exits[0].mlp")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","down":"mlp.down"}}""", "exits[0].mlp.up")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","up":"mlp.up","down":"mlp.up"}}""", "'mlp.up'", "[20, 16]", "[16, 20]")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","up":"mlp.norm","down":"mlp.down"}}""", "'mlp.norm'", "[16]")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","up":"mlp.down","down":"mlp.down"}}""", "'mlp.down'", "[16, 20]")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","up":{"weight":"mlp.up","bias":"mlp.norm"},"down":"mlp.down"}}""", "exits[0].mlp", "biases")]
    [InlineData("""{"layers":1,"mlp":{"norm":{"weight":"mlp.norm","bias":"mlp.norm"},"up":"mlp.up","down":"mlp.down"}}""", "exits[0].mlp.norm.bias")]
    [InlineData("""{"layers":1,"mlp":{"norm":"mlp.norm","up":"mlp.up","down":"mlp.down","router":"x"}}""", "exits[0].mlp.router")]
    [InlineData("""{"layers":1,"norm":{"weight":"exit.norm","bias":"exit.norm"}}""", "exits[0].norm.bias")]
    [InlineData("""{"layers":1,"screen":{"down":"screen.down"}}""", "exits[0].screen.up")]
    [InlineData("""{"layers":1,"fill":{}}""", "exits[0].fill")]
    public void What_does_not_fit_is_refused_by_name(string exit, params string[] words) => Opening.MustBeRefused(Writer(exit), words);

    private static CheckpointWriter Writer(string exits)
    {
        var writer = new CheckpointWriter { Sidecar = $$"""{"version":2,"exits":[{{exits}}]}""" };
        writer.Tensors.AddRange(
        [
            writer.Random("map.weight", 16, 16), writer.Random("map.bias", 16), writer.Random("mlp.norm", 16), writer.Random("mlp.gate", 20, 16),
            writer.Random("mlp.up", 20, 16), writer.Random("mlp.down", 16, 20), writer.Random("exit.norm", 16), writer.Random("exit.head", 32, 16),
            writer.Random("screen.down", 5, 16), writer.Random("screen.up", 32, 5), writer.Random("screen.bias", 32),
        ]);
        return writer;
    }
}
