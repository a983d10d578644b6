using Helios.Cli.Benching;

namespace Helios.Cli.Tests.Benching;

public sealed class ModelShapeTests
{
    [Fact]
    public void The_fields_may_stand_in_any_order()
    {
        var shape = ModelShape.Parse("llama:vocab=100,kv=2,heads=4,hidden=64,ffn=96,layers=3");
        (shape.Layers, shape.Hidden, shape.Heads, shape.KvHeads, shape.FeedForward, shape.Vocabulary).Should().Be((3, 64, 4, 2, 96, 100));
        shape.ToArchitecture().Stack[0].Attention.HeadDim.Should().Be(16);
    }

    [Fact]
    public void The_example_is_a_shape() => ModelShape.Parse(ModelShape.Example).Layers.Should().Be(12);

    [Theory]
    [InlineData("", "family ''")]
    [InlineData("gpt2:layers=1", "family 'gpt2'")]
    [InlineData("llama", "no layers, no hidden")]
    [InlineData("llama:layers=2,hidden=64,heads=4,kv=2,ffn=128", "no vocab")]
    [InlineData("llama:layers=2,hidden=64,heads=4,kv=2,ffn=128,vocab=9,", "field ''")]
    [InlineData("llama:layers=2,hidden=64,heads=4,kv=2,ffn=128,vocab=9,depth=1", "field 'depth' is unknown")]
    [InlineData("llama:layers=2,layers=2,hidden=64,heads=4,kv=2,ffn=128,vocab=9", "'layers' is given twice")]
    [InlineData("llama:layers=-2,hidden=64,heads=4,kv=2,ffn=128,vocab=9", "'layers' is '-2'")]
    [InlineData("llama:layers=0,hidden=64,heads=4,kv=2,ffn=128,vocab=9", "'layers' is '0'")]
    [InlineData("llama:layers=2,hidden=9999999,heads=4,kv=2,ffn=128,vocab=9", "'hidden' is '9999999'")]
    [InlineData("llama:layers,hidden=64,heads=4,kv=2,ffn=128,vocab=9", "'layers' is ''")]
    [InlineData("llama:layers=2,hidden=64,heads=5,kv=5,ffn=128,vocab=9", "'heads' is 5")]
    [InlineData("llama:layers=2,hidden=60,heads=4,kv=2,ffn=128,vocab=9", "'heads' is 4")]
    [InlineData("llama:layers=2,hidden=64,heads=4,kv=3,ffn=128,vocab=9", "'kv' is 3")]
    public void What_is_no_shape_is_refused_by_name(string text, string expected)
    {
        var parse = () => ModelShape.Parse(text);
        parse.Should().Throw<FormatException>().Which.Message.Should().Contain(expected);
    }
}
