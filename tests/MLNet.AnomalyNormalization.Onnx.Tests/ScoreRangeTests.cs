using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

[TestClass]
public sealed class ScoreRangeTests
{
    [TestMethod]
    [DataRow("Clip raw zero one", true, DisplayName = "Clip")]
    [DataRow("Clip raw zero two", false, DisplayName = "Clip to 0..2")]
    [DataRow("Max raw zero; Min previous one", true, DisplayName = "Max and Min")]
    [DataRow("Max raw zero", false, DisplayName = "Max alone")]
    [DataRow("Clip raw zero one; Cast previous; Reshape previous", true, DisplayName = "Clip, then nodes that keep values")]
    [DataRow("Clip raw zero one; Mul previous two", false, DisplayName = "Clip, then something else")]
    [DataRow("Clip raw", false, DisplayName = "Clip without bounds")]
    [DataRow("Identity raw", false, DisplayName = "nothing")]
    public void A_score_is_within_0_and_1_where_the_graph_clips_it(string nodes, bool expected)
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Initializer.Add(ModelFile.Tensor("zero", typeof(float), [0], []));
        model.Graph.Initializer.Add(ModelFile.Tensor("two", typeof(float), [2], []));
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "Constant",
            Output = { "one" },
            Attribute = { new AttributeProto { Name = "value", T = ModelFile.Tensor("", typeof(float), [1], []) } },
        });
        string[] lines = nodes.Split("; ");
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Replace("previous", $"value{i - 1}", StringComparison.Ordinal).Split(' ');
            model.Graph.Node.Add(ModelFile.Node(words[0], words[1..], [i == lines.Length - 1 ? "score" : $"value{i}"]));
        }

        AnomalyOnnxOutput[] outputs = [new("score", typeof(float), [1], AnomalyOutputRole.Score)];
        Assert.AreEqual(expected, ScoreRange.IsZeroToOne(model.Graph, outputs));
    }
}
